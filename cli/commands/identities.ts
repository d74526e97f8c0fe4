import type { Command } from 'commander';
import { addListCommand, addWriteCommand } from '../add-command';
import type { CliRun } from '../deps';
import { action, type Session } from '../session';
import { column, textColumn } from '../table';

/** `aos identities …`: who comes by tokens of an identity provider. */
export function addIdentityCommands(program: Command, run: CliRun): void {
  const identities = program.command('identities').description('who comes by tokens of an identity provider');
  addListCommand(identities, 'list', 'who came, last known first').action(action(run, list));
  for (const [verb, description] of verbs) {
    addWriteCommand(identities, `${verb} <id>`, description)
      .requiredOption('--reason <text>', 'why; it is kept in the audit')
      .action(action(run, (session: Session, id: string, { reason }: Reason) => change(session, verb, { id, reason })));
  }
}

interface Reason {
  readonly reason: string;
}

const verbs = [
  ['block', 'shut somebody out at once, with all that his tokens began'],
  ['unblock', 'let somebody come in again'],
] as const;

async function list(session: Session, { limit }: { limit: number }): Promise<void> {
  session.showRows(await session.api.list('/identities', limit), columns, 'identity');
}

async function change(session: Session, verb: string, { id, reason }: { id: string } & Reason): Promise<void> {
  const data = await session.api.write('POST', `/identities/${encodeURIComponent(id)}/${verb}`, { reason });
  session.show(data, () => `identity ${id} is ${verb === 'block' ? 'blocked' : 'let in again'}\n`);
}

const columns = [
  column('id', 'identity_id'),
  textColumn('issuer', 'issuer'),
  textColumn('subject', 'subject'),
  column('status', 'status'),
  column('roles', 'roles'),
  column('roles until', 'roles_until'),
  column('first seen', 'first_seen_at'),
];
