import type { Command } from 'commander';
import { addListCommand, addWriteCommand } from '../add-command';
import type { CliRun } from '../deps';
import { utcTime } from '../option-values';
import { action, type Session } from '../session';
import { showSecretOnce } from '../show-secret';
import { column } from '../table';

interface CreateOptions {
  readonly role: string;
  readonly expiresAt?: string;
}

/** `aos keys …`; for `create`, `--role` is the new key's, and the caller's stands before the command. */
export function addKeyCommands(program: Command, run: CliRun): void {
  const keys = program.command('keys').description('API keys of the tenant');
  addWriteCommand(keys, 'create <name>', 'make a key; it is shown once', ['role'])
    .requiredOption('--role <role>', 'what the new key may do: admin, developer, viewer, auditor, agent')
    .option('--expires-at <time>', 'when it ends, for example 2027-01-31T12:00:00Z', utcTime)
    .action(action(run, create, { own: ['role'] }));
  addListCommand(keys, 'list', 'the keys, without their secrets').action(action(run, list));
  addWriteCommand(keys, 'revoke <id>', 'end a key at once').action(action(run, revoke));
}

async function create(session: Session, name: string, { role, expiresAt }: CreateOptions): Promise<void> {
  const body = { name, role, ...(expiresAt === undefined ? {} : { expires_at: expiresAt }) };
  const data = await session.api.write('POST', '/api-keys', body);
  showSecretOnce(
    session,
    data,
    ['key', 'api_key'],
    [
      ['id', data['key_id'] ?? data['id']],
      ['name', data['name'] ?? name],
      ['role', data['role'] ?? role],
      ['expires', data['expires_at'] ?? 'never'],
    ],
  );
}

async function list(session: Session, { limit }: { limit: number }): Promise<void> {
  session.showRows(await session.api.list('/api-keys', limit), keyColumns, 'key');
}

async function revoke(session: Session, id: string): Promise<void> {
  const data = await session.api.write('DELETE', `/api-keys/${encodeURIComponent(id)}`);
  session.show(data, () => `key ${id} is revoked\n`);
}

const keyColumns = [
  column('id', 'key_id'),
  column('name', 'name'),
  column('role', 'role'),
  column('prefix', 'key_prefix'),
  column('status', 'status'),
  column('created', 'created_at'),
  column('expires', 'expires_at'),
  column('revoked', 'revoked_at'),
];
