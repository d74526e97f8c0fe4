import { Option, type Command } from 'commander';
import { addListCommand, addWriteCommand } from '../add-command';
import type { CliRun } from '../deps';
import { action, type Session } from '../session';
import { column, renderFields, textColumn } from '../table';

/** `aos pauses …` */
export function addPauseCommands(program: Command, run: CliRun): void {
  const pauses = program.command('pauses').description('work that waits at a pause switch');
  addListCommand(pauses, 'list', 'what waits, or waited, newest first')
    .addOption(new Option('--status <status>', 'only these').choices(['open', 'ended']))
    .action(action(run, list));
  addWriteCommand(pauses, 'resume', 'let one piece of work go on while its switch stays on for the rest')
    .argument('<pause>', 'its id, as `aos pauses list` shows it')
    .requiredOption('--reason <text>', 'why; it is kept in the audit')
    .action(action(run, resume));
}

async function list(session: Session, { limit, status }: { limit: number; status?: string }): Promise<void> {
  session.showRows(await session.api.list('/governance/pauses', limit, { status }), columns, 'pause');
}

async function resume(session: Session, pauseId: string, { reason }: { reason: string }): Promise<void> {
  const path = `/governance/pauses/${encodeURIComponent(pauseId)}/resume`;
  const data = await session.api.write('POST', path, { reason });
  session.show(data, () => renderFields(Object.entries(data)));
}

const columns = [
  column('pause', 'pause_id'),
  column('job', 'run_id'),
  column('plane', 'plane_id'),
  column('since', 'paused_at'),
  column('until', 'sla_deadline'),
  column('then', 'on_timeout'),
  column('outcome', 'outcome'),
  textColumn('reason', 'reason'),
];
