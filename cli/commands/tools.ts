import { Option, type Command } from 'commander';
import { riskLevels } from '../../contracts/tools';
import { addWriteCommand } from '../add-command';
import type { CliRun } from '../deps';
import { usageFailure } from '../failures';
import { collected, integerBetween } from '../option-values';
import { resolvePolicy, resolveTool, serverPathOf } from '../resolve-name';
import { action, type Session } from '../session';

interface SetOptions {
  readonly risk?: string;
  readonly enable?: boolean;
  readonly disable?: boolean;
  readonly dangerous?: boolean;
  readonly explicitAllow?: boolean;
  readonly requiresPolicy?: boolean;
  /** False to take it away. */
  readonly policy?: string | false;
  readonly permission?: readonly string[];
  readonly callsPerMinute?: number;
  readonly retrySafe?: boolean;
}

/** `aos tools …`; a tool is named by the server and its name or id. */
export function addToolCommands(program: Command, run: CliRun): void {
  const tools = program.command('tools').description('the tools of servers: their risk, and what their calls need');
  addWriteCommand(tools, 'set <server> <tool>', 'change what its calls need')
    .addOption(new Option('--risk <level>', 'how grave a call is').choices(riskLevels))
    .option('--enable', 'let it be called')
    .option('--disable', 'refuse its calls')
    .option('--dangerous', 'it is dangerous')
    .option('--no-dangerous', 'it is not')
    .option('--explicit-allow', 'it may be called only with a grant')
    .option('--no-explicit-allow', 'it needs no grant')
    .option('--requires-policy', 'a policy must speak of it')
    .option('--no-requires-policy', 'none need')
    .option('--policy <policy>', 'the policy that its calls are held to')
    .option('--no-policy', 'that of its server')
    .option('--permission <action:resource>', 'what the caller must be permitted; may be repeated', collected)
    .option('--calls-per-minute <n>', 'at most', integerBetween(1, 10_000))
    .option('--retry-safe', 'a call may be repeated when its outcome is unknown')
    .option('--no-retry-safe', 'it may not')
    .action(action(run, set));
  addWriteCommand(tools, 'grant <server> <tool>', 'give the explicit allowance that a dangerous tool needs')
    .requiredOption('--reason <text>', 'why; it is kept in the audit')
    .action(action(run, grant));
  addWriteCommand(tools, 'revoke <server> <tool>', 'take that allowance back')
    .requiredOption('--reason <text>', 'why; it is kept in the audit')
    .action(action(run, revoke));
}

async function set(session: Session, server: string, tool: string, options: SetOptions): Promise<void> {
  const change = await changeOf(session, options);
  if (Object.keys(change).length === 0) throw usageFailure('nothing to change was named');
  const data = await session.api.write('PUT', await toolPathOf(session, server, tool), change);
  session.show(data, () => `tool ${tool} of ${server} is changed\n`);
}

async function grant(session: Session, server: string, tool: string, { reason }: { reason: string }): Promise<void> {
  const data = await session.api.write('POST', `${await toolPathOf(session, server, tool)}/grant`, { reason });
  session.show(data, () => `tool ${tool} of ${server} is granted\n`);
}

async function revoke(session: Session, server: string, tool: string, { reason }: { reason: string }): Promise<void> {
  const query = new URLSearchParams({ reason }).toString();
  const data = await session.api.write('DELETE', `${await toolPathOf(session, server, tool)}/grant?${query}`);
  session.show(data, () => `the grant of tool ${tool} of ${server} is taken back\n`);
}

async function toolPathOf(session: Session, server: string, tool: string): Promise<string> {
  const path = await serverPathOf(session, server);
  return `${path}/tools/${encodeURIComponent(await resolveTool(session, path, tool))}`;
}

async function changeOf(session: Session, options: SetOptions): Promise<Record<string, unknown>> {
  const { enable, disable, policy } = options;
  if (enable === true && disable === true) throw usageFailure('--enable and --disable exclude each other');
  const change = {
    risk_level: options.risk,
    enabled: enable === true || disable === true ? enable === true : undefined,
    is_dangerous: options.dangerous,
    requires_explicit_allow: options.explicitAllow,
    requires_policy: options.requiresPolicy,
    policy_id: typeof policy === 'string' ? await resolvePolicy(session, policy) : policy === false ? null : undefined,
    required_permissions: options.permission,
    max_calls_per_minute: options.callsPerMinute,
    retry_safe: options.retrySafe,
  };
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}
