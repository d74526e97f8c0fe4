import { Option, type Command } from 'commander';
import { addListCommand, addReadCommand, addWriteCommand } from '../add-command';
import type { CliRun } from '../deps';
import { utcTime } from '../option-values';
import { resolvePolicy } from '../resolve-name';
import { action, type Session } from '../session';
import { column, renderFields, textColumn } from '../table';
import { addCreateCommand } from './policies-create';
import { addSimulateCommand } from './policies-simulate';

interface Period {
  readonly since?: string;
  readonly until?: string;
}

const targetByVerb = { activate: 'ACTIVE', suspend: 'SUSPENDED', retire: 'RETIRED' } as const;

/** `aos policies …`; a policy's name serves as well as its id. */
export function addPolicyCommands(program: Command, run: CliRun): void {
  const policies = program.command('policies').description('what agents may read, and the sealed snapshots of it');

  addCreateCommand(policies, run);
  addListCommand(policies, 'list', 'the policies of the tenant').action(action(run, list));
  addReadCommand(policies, 'show <policy>', 'one policy in full').action(action(run, show));
  for (const verb of ['activate', 'suspend', 'retire'] as const) {
    addWriteCommand(policies, `${verb} <policy>`, `${verb} a policy; this seals a new snapshot`)
      .requiredOption('--reason <text>', 'why; it is kept in the audit')
      .action(
        action(run, (session, policy: string, { reason }: { reason: string }) => move(session, policy, verb, reason)),
      );
  }
  addSimulateCommand(policies, run);
  addReadCommand(policies, 'shadow <policy>', 'what a policy in WARN or AUDIT said of calls that it let pass, counted')
    .addOption(new Option('--since <time>', 'of calls from then on; seven days when absent').argParser(utcTime))
    .addOption(new Option('--until <time>', 'of calls before then').argParser(utcTime))
    .action(action(run, shadow));
  addListCommand(policies, 'snapshots', 'the sealed snapshots; one is active').action(action(run, snapshots));
  addReadCommand(policies, 'show-snapshot <id>', 'one snapshot, with the policies as they were sealed').action(
    action(run, showSnapshot),
  );
  addWriteCommand(policies, 'snapshot', 'seal a snapshot now').action(action(run, seal));
}

async function list(session: Session, { limit }: { limit: number }): Promise<void> {
  session.showRows(await session.api.list('/policies', limit), policyColumns, 'policy');
}

async function move(session: Session, policy: string, verb: keyof typeof targetByVerb, reason: string): Promise<void> {
  const id = encodeURIComponent(await resolvePolicy(session, policy));
  const data = await session.api.write('POST', `/policies/${id}/lifecycle`, { target: targetByVerb[verb], reason });
  session.show(data, () => `${policy} is ${targetByVerb[verb]}\n`);
}

async function show(session: Session, policy: string): Promise<void> {
  const data = await session.api.get(`/policies/${encodeURIComponent(await resolvePolicy(session, policy))}`);
  session.show(data, () => renderFields(Object.entries(data)));
}

async function shadow(session: Session, policy: string, { since, until }: Period): Promise<void> {
  const path = `/policies/${encodeURIComponent(await resolvePolicy(session, policy))}/shadow`;
  const bounds = Object.entries({ since, until }).filter((each): each is [string, string] => each[1] !== undefined);
  const data = await session.api.get(bounds.length === 0 ? path : `${path}?${new URLSearchParams(bounds).toString()}`);
  session.show(data, () => renderFields(Object.entries(data)));
  if (data['truncated'] === true) session.note('only the newest calls were looked at: narrow the period');
}

async function showSnapshot(session: Session, id: string): Promise<void> {
  const data = await session.api.get(`/policies/snapshots/${encodeURIComponent(id)}`);
  session.show(data, () => renderFields(Object.entries(data)));
}

async function snapshots(session: Session, { limit }: { limit: number }): Promise<void> {
  session.showRows(await session.api.list('/policies/snapshots', limit), snapshotColumns, 'snapshot');
}

async function seal(session: Session): Promise<void> {
  const data = await session.api.write('POST', '/policies/snapshots', {});
  session.show(data, () => renderFields(Object.entries(data).filter(([, value]) => typeof value !== 'object')));
}

const policyColumns = [
  column('policy', 'policy_id'),
  column('name', 'name'),
  column('status', 'status'),
  column('mode', 'enforcement_mode'),
  textColumn('conditions', 'conditions'),
];

const snapshotColumns = [
  column('snapshot', 'snapshot_id'),
  column('version', 'version'),
  column('status', 'status'),
  column('sealed', 'created_at'),
  column('content hash', 'content_hash'),
];
