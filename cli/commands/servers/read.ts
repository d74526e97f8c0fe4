import { Option, type Command } from 'commander';
import { serverStatuses } from '../../../contracts/tools';
import { addListCommand, addReadCommand } from '../../add-command';
import type { CliRun } from '../../deps';
import { serverPathOf, serversPath } from '../../resolve-name';
import { action, type Session } from '../../session';
import { findingsText } from '../../show-discovery';
import { column, renderFields, textColumn } from '../../table';

interface ListOptions {
  readonly limit: number;
  readonly status?: string;
  readonly all?: boolean;
}

/** `aos servers list`, `get` and `health` */
export function addServerReadCommands(servers: Command, run: CliRun): void {
  addListCommand(servers, 'list', 'the servers of the tenant')
    .addOption(new Option('--status <status>', 'only those that stand so').choices(serverStatuses))
    .option('--all', 'with those that are switched off')
    .action(action(run, list));
  addReadCommand(servers, 'get <server>', 'one server, and what its last discovery found').action(action(run, get));
  addReadCommand(servers, 'health <server>', 'how it answered when it was looked at last').action(action(run, health));
}

async function list(session: Session, { limit, status, all }: ListOptions): Promise<void> {
  const query = { status, ...(all === true && { include_disabled: 'true' }) };
  session.showRows(await session.api.list(serversPath, limit, query), columns, 'server');
}

async function get(session: Session, server: string): Promise<void> {
  const data = await session.api.get(await serverPathOf(session, server));
  const { findings, ...fields } = data;
  session.show(data, () => `${renderFields(Object.entries(fields))}${findingsText(session, findings)}`);
}

async function health(session: Session, server: string): Promise<void> {
  const data = await session.api.get(`${await serverPathOf(session, server)}/health`);
  session.show(data, () => renderFields(Object.entries(data)));
}

const columns = [
  column('server', 'server_id'),
  column('name', 'name'),
  column('status', 'status'),
  column('tools', 'tool_count'),
  column('approval', 'requires_approval'),
  column('looked at', 'last_health_check_at'),
  textColumn('url', 'url'),
];
