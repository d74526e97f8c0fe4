import type { Command } from 'commander';
import { addListCommand, addReadCommand } from '../add-command';
import type { CliRun } from '../deps';
import { resolvePlane } from '../resolve-name';
import { action, type Session } from '../session';
import { column, renderFields, textColumn } from '../table';

interface EvidenceOptions {
  readonly limit: number;
  readonly plane?: string;
  readonly run?: string;
}

/** `aos evidence list | show` */
export function addEvidenceCommands(program: Command, run: CliRun): void {
  const evidence = program.command('evidence').description('the record of every retrieval, allowed or denied');
  addListCommand(evidence, 'list', 'retrieval evidence')
    .option('--plane <plane>', 'only this plane')
    .option('--run <id>', 'only this run')
    .action(action(run, list));
  addReadCommand(evidence, 'show <id>', 'one record in full').action(action(run, show));
}

async function list(session: Session, { limit, plane, run }: EvidenceOptions): Promise<void> {
  const page = await session.api.list('/retrieval/evidence', limit, {
    plane_id: plane === undefined ? undefined : await resolvePlane(session, plane),
    run_id: run,
  });
  session.showRows(page, evidenceColumns, 'record');
}

async function show(session: Session, id: string): Promise<void> {
  const data = await session.api.get(`/retrieval/evidence/${encodeURIComponent(id)}`);
  session.show(data, () => renderFields(Object.entries(data)));
}

const evidenceColumns = [
  column('evidence', 'evidence_id', 'id'),
  column('time', 'requested_at'),
  column('decision', 'decision'),
  column('action', 'action'),
  column('plane', 'plane_id'),
  column('tokens', 'token_count'),
  column('snapshot', 'policy_snapshot_id'),
  textColumn('deny reason', 'deny_reason'),
];
