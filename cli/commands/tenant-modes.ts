import { Argument, type Command } from 'commander';
import { addReadCommand, addWriteCommand } from '../add-command';
import type { CliRun } from '../deps';
import type { Row } from '../api-client';
import { action, type Session } from '../session';
import { column, renderFields, renderTable, textColumn } from '../table';

const asOperator = { roleDefault: () => 'operator' as const };

/** `aos tenants mode list | set | clear`: how strictly operations are held to their invariants. */
export function addTenantModeCommands(tenants: Command, run: CliRun): void {
  const mode = tenants.command('mode').description('how strictly a tenant is held to its invariants (operator)');
  addReadCommand(mode, 'list <tenant>', 'the mode of the tenant and of the operations that have their own').action(
    action(run, list, asOperator),
  );
  addWriteCommand(mode, 'set <tenant>', 'set the mode of the tenant, or of one operation')
    .addArgument(new Argument('<mode>', 'the mode').choices(['MONITOR', 'ENFORCE', 'STRICT']))
    .requiredOption('--reason <text>', 'why; it is kept in the audit')
    .option('--operation <name>', 'this operation only, such as policies.lifecycle')
    .action(action(run, set, asOperator));
  addWriteCommand(mode, 'clear <tenant> <operation>', "let the tenant's mode hold for the operation again").action(
    action(run, clear, asOperator),
  );
}

const pathOf = (tenant: string) => `/ops/tenants/${encodeURIComponent(tenant)}/modes`;

async function list(session: Session, tenant: string): Promise<void> {
  const data = await session.api.get(pathOf(tenant));
  session.show(data, () => {
    const head = renderFields([['tenant', data['mode']]]);
    const rows = data['operations'] as Row[];
    return rows.length === 0 ? head : `${head}\n${renderTable(columns, rows, session.run.stdout.columns)}`;
  });
}

interface SetOptions {
  readonly reason: string;
  readonly operation?: string;
}

async function set(session: Session, tenant: string, mode: string, { reason, operation }: SetOptions): Promise<void> {
  const body = { mode, reason, ...(operation === undefined ? {} : { operation }) };
  show(session, await session.api.write('PUT', pathOf(tenant), body));
}

async function clear(session: Session, tenant: string, operation: string): Promise<void> {
  show(session, await session.api.write('DELETE', `${pathOf(tenant)}/${encodeURIComponent(operation)}`));
}

function show(session: Session, data: Row): void {
  session.show(data, () =>
    renderFields([
      ['tenant', data['tenant_id']],
      ['operation', data['operation'] ?? 'all without a mode of their own'],
      ['mode', data['mode'] ?? "the tenant's"],
      ['audit event', data['audit_event_id']],
    ]),
  );
}

const columns = [
  column('operation', 'operation'),
  column('mode', 'mode'),
  column('set by', 'set_by'),
  column('since', 'updated_at'),
  textColumn('reason', 'reason'),
];
