import type { Command } from 'commander';
import { addListCommand } from '../add-command';
import type { CliRun } from '../deps';
import { resolvePlane } from '../resolve-name';
import { action, type Session } from '../session';
import { column } from '../table';

interface AuditOptions {
  readonly limit: number;
  readonly type?: string;
  readonly plane?: string;
  readonly outcome?: string;
}

/** `aos audit list` */
export function addAuditCommands(program: Command, run: CliRun): void {
  const audit = program.command('audit').description('what happened, and what was refused');
  addListCommand(audit, 'list', 'audit events, the newest first')
    .option('--type <type>', 'only this event type')
    .option('--plane <plane>', 'only this plane')
    .option('--outcome <outcome>', 'only this outcome, for example success, failure or blocked')
    .action(action(run, list));
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
