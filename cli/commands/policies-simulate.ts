import { Option, type Command } from 'commander';
import { simulationLimits } from '../../contracts/api/policy-simulation';
import { tenantRoles } from '../../contracts/roles';
import { addWriteCommand } from '../add-command';
import type { Row } from '../api-client';
import type { CliRun } from '../deps';
import { usageFailure } from '../failures';
import { integerBetween, utcTime } from '../option-values';
import { readPolicyFile } from '../policy-file';
import { parseJsonObject, readJsonObject } from '../read-input';
import { resolvePolicy, resolveServer, resolveTool, serversPath } from '../resolve-name';
import { action, type Session } from '../session';
import { showSimulation } from '../show-simulation';

interface SimulateOptions {
  readonly policy?: string;
  readonly from?: string;
  readonly replaces?: string;
  readonly server?: string;
  readonly tool?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit?: number;
  readonly input?: string;
  readonly as?: string;
}

/** `aos policies simulate`: what a policy would have said to calls that were made, or would say to one. */
export function addSimulateCommand(policies: Command, run: CliRun): void {
  addWriteCommand(policies, 'simulate', 'try a policy on past calls, or on one that nobody made; nothing changes', [
    'idempotencyKey',
  ])
    .option('--policy <policy>', 'a policy on record, by name or id, whatever its state')
    .option('--from <file>', 'or one that is thought of: JSON with enforcement_mode, BLOCK when absent, and conditions')
    .option('--replaces <policy>', 'a policy in force that it would stand in for')
    .option('--server <server>', 'calls of this server only')
    .option('--tool <tool>', 'calls of this tool of the server only')
    .addOption(new Option('--since <time>', 'calls from then on').argParser(utcTime))
    .addOption(new Option('--until <time>', 'calls before then').argParser(utcTime))
    .option('--limit <n>', 'how many calls at most, the newest', integerBetween(1, simulationLimits.callsMax))
    .option('--input <json|@file>', 'arguments of a call that nobody made, of --server and --tool')
    .addOption(new Option('--as <role>', 'the role of who would make it').choices(tenantRoles))
    .action(action(run, simulate));
}

async function simulate(session: Session, options: SimulateOptions): Promise<void> {
  const { policy, from, replaces } = options;
  if ((policy === undefined) === (from === undefined)) throw usageFailure('give --policy or --from, and not both');
  const data = await session.api.write('POST', '/policies/simulate', {
    ...(policy !== undefined && { policy_id: await resolvePolicy(session, policy) }),
    ...(from !== undefined && { policy: readPolicyFile(from, session.run.cwd) }),
    ...(replaces !== undefined && { replaces: await resolvePolicy(session, replaces) }),
    ...(await triedOn(session, options)),
  });
  showSimulation(session, data);
}

async function triedOn(session: Session, options: SimulateOptions): Promise<Row> {
  const { server, tool, since, until, limit, input, as } = options;
  if (tool !== undefined && server === undefined) throw usageFailure('--tool is a tool of --server');
  const serverId = server === undefined ? undefined : await resolveServer(session, server);
  const toolId = tool === undefined ? undefined : await resolveTool(session, `${serversPath}/${serverId}`, tool);
  const named = {
    ...(serverId !== undefined && { server_id: serverId }),
    ...(toolId !== undefined && { tool_id: toolId }),
  };
  if (input === undefined && as === undefined) return { calls: defined({ ...named, since, until, limit }) };
  if (as === undefined || toolId === undefined)
    throw usageFailure('a call that nobody made needs --server, --tool and --as');
  const given = input ?? '{}';
  const value = given.startsWith('@')
    ? readJsonObject(given.slice(1), session.run.cwd)
    : parseJsonObject(given, '--input');
  return { call: { ...named, input: value, role: as } };
}

function defined(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined));
}
