import { Option, type Command } from 'commander';
import { addListCommand, addReadCommand, addWriteCommand } from '../add-command';
import type { CliRun } from '../deps';
import { exportEvidence, listExports, showExport } from './audit-export';
import { proveEvent, proveGrowth, showCheckpoint } from './audit-proofs';
import { collected, integerBetween, utcTime } from '../option-values';
import { resolvePlane } from '../resolve-name';
import { action, type Session } from '../session';
import { column } from '../table';

const sizeMax = Number.MAX_SAFE_INTEGER;

interface AuditOptions {
  readonly limit: number;
  readonly type?: string;
  readonly plane?: string;
  readonly outcome?: string;
}

/** `aos audit …` */
export function addAuditCommands(program: Command, run: CliRun): void {
  const audit = program.command('audit').description('what happened, and what was refused');
  addListCommand(audit, 'list', 'audit events, the newest first')
    .option('--type <type>', 'only this event type')
    .option('--plane <plane>', 'only this plane')
    .option('--outcome <outcome>', 'only this outcome, for example success, failure or blocked')
    .action(action(run, list));
  addWriteCommand(audit, 'export', 'write a file of evidence that `aos verify` checks without AOS')
    .requiredOption('--out <file>', 'where to write it')
    .option('--plane <plane>', 'only what concerns this plane')
    .option('--run <id>', 'only what this run or request did')
    .option('--from <time>', 'from this moment on', utcTime)
    .option('--to <time>', 'up to this moment, itself not in it', utcTime)
    .addOption(new Option('--format <format>', 'json can be verified, csv can be read').choices(['json', 'csv']))
    .option('--checkpoint <file>', 'link the file to this checkpoint, kept earlier; may be repeated', collected)
    .action(action(run, exportEvidence));
  addReadCommand(audit, 'checkpoint', 'the newest signed checkpoint: keep it where AOS cannot reach it')
    .option('--keys', 'instead the keys that sign, for `aos verify --key`')
    .action(action(run, showCheckpoint));
  addListCommand(audit, 'exports', 'the files of evidence that were written').action(action(run, listExports));
  addReadCommand(audit, 'show-export', 'one of them').argument('<id>').action(action(run, showExport));
  addReadCommand(audit, 'prove', 'that an event lies in the tree of a checkpoint')
    .argument('<event>', 'id of an audit event')
    .option('--size <n>', 'of the tree (default: that of the newest checkpoint)', integerBetween(1, sizeMax))
    .action(action(run, proveEvent));
  addReadCommand(audit, 'prove-growth', 'that the tree of a checkpoint begins with an earlier one')
    .argument('<from>', 'size of the earlier tree', integerBetween(1, sizeMax))
    .argument('[to]', 'size of the later one (default: that of the newest checkpoint)', integerBetween(1, sizeMax))
    .action(action(run, proveGrowth));
}

async function list(session: Session, { limit, type, plane, outcome }: AuditOptions): Promise<void> {
  const page = await session.api.list('/audit/events', limit, {
    event_type: type,
    plane_id: plane === undefined ? undefined : await resolvePlane(session, plane),
    outcome,
  });
  session.showRows(page, eventColumns, 'event');
}

const eventColumns = [
  column('time', 'occurred_at'),
  column('type', 'event_type'),
  column('outcome', 'outcome'),
  column('action', 'action'),
  column('actor', 'actor_id'),
  column('plane', 'plane_id'),
  column('error', 'error_code'),
  column('event', 'event_id'),
];
