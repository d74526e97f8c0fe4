import { Option, type Command } from 'commander';
import { addListCommand, addReadCommand, addWriteCommand } from '../add-command';
import type { CliRun } from '../deps';
import { usageFailure } from '../failures';
import { collected, integerBetween, utcTime } from '../option-values';
import { readSecret, secretTypes } from '../read-secret';
import { resolveCredential } from '../resolve-name';
import { action, type Session } from '../session';
import { column, renderFields } from '../table';

interface SecretOptions {
  readonly secretFile?: string;
  readonly expiresAt?: string;
}

interface AddOptions extends SecretOptions {
  readonly type: string;
  readonly description?: string;
  readonly tag?: readonly string[];
  readonly rotateEvery?: number;
}

/** `aos credentials …`; a secret is typed unseen, or comes from a file or standard input. */
export function addCredentialCommands(program: Command, run: CliRun): void {
  const credentials = program.command('credentials').description('secrets for servers and sources; never shown again');
  withSecret(addWriteCommand(credentials, 'add <name>', 'store a secret'))
    .addOption(typeOption().makeOptionMandatory())
    .option('--description <text>', 'what it is for')
    .option('--tag <tag>', 'a word to find it by; may be repeated', collected)
    .option('--rotate-every <days>', 'how often its secret is to be replaced', integerBetween(1, 3650))
    .action(action(run, add));
  addListCommand(credentials, 'list', 'the credentials, without their secrets')
    .addOption(typeOption())
    .action(action(run, list));
  addReadCommand(credentials, 'show <credential>', 'one credential, without its secret').action(action(run, show));
  withSecret(addWriteCommand(credentials, 'rotate <credential>', 'replace its secret; the old one is gone at once'))
    .option('--no-expiry', 'let it end never')
    .action(action(run, rotate));
  addWriteCommand(credentials, 'delete <credential>', 'end it; its secret is gone at once').action(action(run, remove));
  addListCommand(credentials, 'access <credential>', 'who used or changed it').action(action(run, access));
}

const typeOption = () => new Option('--type <type>', 'what it is').choices(secretTypes);

function withSecret(command: Command): Command {
  return command
    .option('--secret-file <file>', 'the secret, as text or as JSON of its fields; - is standard input')
    .option('--expires-at <time>', 'when it ends, for example 2027-01-31T12:00:00Z', utcTime);
}

async function add(session: Session, name: string, options: AddOptions): Promise<void> {
  const { type, secretFile, expiresAt, description, tag, rotateEvery } = options;
  const data = await session.api.write('POST', '/credentials', {
    name,
    type,
    secret: await readSecret(session, type, secretFile),
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
    ...(description === undefined ? {} : { description }),
    ...(tag === undefined ? {} : { tags: tag }),
    ...(rotateEvery === undefined ? {} : { is_rotatable: true, rotation_interval_days: rotateEvery }),
  });
  session.show(data, () =>
    renderFields([
      ['credential', data['credential_id']],
      ['name', data['name'] ?? name],
      ['type', data['type'] ?? type],
      ['expires', data['expires_at'] ?? 'never'],
    ]),
  );
}

async function list(session: Session, { limit, type }: { limit: number; type?: string }): Promise<void> {
  session.showRows(await session.api.list('/credentials', limit, { type }), columns, 'credential');
}

async function show(session: Session, credential: string): Promise<void> {
  const data = await session.api.get(await pathOf(session, credential));
  session.show(data, () => renderFields(Object.entries(data)));
}

async function rotate(
  session: Session,
  credential: string,
  { secretFile, expiresAt, expiry }: SecretOptions & { readonly expiry: boolean },
): Promise<void> {
  if (!expiry && expiresAt !== undefined) throw usageFailure('--expires-at and --no-expiry exclude each other');
  const path = await pathOf(session, credential);
  const { type } = await session.api.get(path);
  const data = await session.api.write('POST', `${path}/rotate`, {
    secret: await readSecret(session, String(type), secretFile),
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
    ...(expiry ? {} : { expires_at: null }),
  });
  session.show(
    data,
    () => `credential ${credential} has a new secret, its version ${String(data['secret_version'])}\n`,
  );
}

async function remove(session: Session, credential: string): Promise<void> {
  const data = await session.api.write('DELETE', await pathOf(session, credential));
  session.show(data, () => `credential ${credential} is deleted\n`);
}

async function access(session: Session, credential: string, { limit }: { limit: number }): Promise<void> {
  const path = await pathOf(session, credential);
  session.showRows(await session.api.list(`${path}/access`, limit), accessColumns, 'use');
}

async function pathOf(session: Session, credential: string): Promise<string> {
  return `/credentials/${encodeURIComponent(await resolveCredential(session, credential))}`;
}

const columns = [
  column('credential', 'credential_id'),
  column('name', 'name'),
  column('type', 'type'),
  column('status', 'status'),
  column('used', 'access_count'),
  column('last used', 'last_accessed_at'),
  column('expires', 'expires_at'),
];

const accessColumns = [
  column('at', 'accessed_at'),
  column('action', 'action'),
  column('who', 'accessor_id'),
  column('for', 'purpose'),
  column('success', 'success'),
  column('error', 'error'),
];
