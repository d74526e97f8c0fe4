import type { Command } from 'commander';
import { addWriteCommand } from '../add-command';
import type { CliRun } from '../deps';
import { action, type Session } from '../session';
import { showSecretOnce } from '../show-secret';
import { addTenantModeCommands } from './tenant-modes';

/** `aos tenants create | mode`, with the operator's key unless another role is asked for. */
export function addTenantCommands(program: Command, run: CliRun): void {
  const tenants = program.command('tenants').description('tenants of this installation (operator)');
  addWriteCommand(tenants, 'create <name>', 'make a tenant and its first admin key, which is shown once').action(
    action(run, create, { roleDefault: () => 'operator' }),
  );
  addTenantModeCommands(tenants, run);
}

async function create(session: Session, name: string): Promise<void> {
  const data = await session.api.write('POST', '/ops/tenants', { name });
  showSecretOnce(
    session,
    data,
    ['admin_key'],
    [
      ['tenant', data['tenant_id']],
      ['name', data['name'] ?? name],
    ],
  );
}
