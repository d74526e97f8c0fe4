import { Option, type Command } from 'commander';
import { addReadCommand, addWriteCommand } from '../../add-command';
import type { CliRun } from '../../deps';
import { integerBetween } from '../../option-values';
import { resolvePlane } from '../../resolve-name';
import { action, type Session } from '../../session';
import { renderFields } from '../../table';

interface SetOptions {
  readonly cron?: string;
  readonly every?: number;
  readonly overlap?: string;
}

const secondsMin = 60;
const secondsMax = 31_536_000;

/** `aos planes schedule set | show | pause | resume | delete` */
export function addScheduleCommands(planes: Command, run: CliRun): void {
  const schedule = planes.command('schedule').description('when a plane is read again by itself');
  addWriteCommand(schedule, 'set <plane>', 'have the plane read again by the clock, as far as this key may then')
    .addOption(new Option('--cron <expression>', 'minute hour day month weekday, in UTC').conflicts('every'))
    .option('--every <seconds>', 'or at a distance in time', integerBetween(secondsMin, secondsMax))
    .addOption(
      new Option('--overlap <policy>', 'what becomes of a turn while the last one is at work (default: SKIP)').choices([
        'SKIP',
        'BUFFER_ONE',
      ]),
    )
    .action(action(run, set));
  addReadCommand(schedule, 'show <plane>', 'the schedule, its next turn and how the last one came out').action(
    action(run, show),
  );
  addWriteCommand(schedule, 'pause <plane>', 'take no more turns until it is resumed').action(
    action(run, (session, plane: string) => change(session, plane, 'POST', '/pause', 'paused')),
  );
  addWriteCommand(schedule, 'resume <plane>', 'take turns again').action(
    action(run, (session, plane: string) => change(session, plane, 'POST', '/resume', 'resumed')),
  );
  addWriteCommand(schedule, 'delete <plane>', 'end the schedule').action(
    action(run, (session, plane: string) => change(session, plane, 'DELETE', '', 'deleted')),
  );
}

async function pathOf(session: Session, plane: string): Promise<string> {
  return `/planes/${encodeURIComponent(await resolvePlane(session, plane))}/sync-schedule`;
}

async function set(session: Session, plane: string, { cron, every, overlap }: SetOptions): Promise<void> {
  const body = {
    ...(cron !== undefined && { cron }),
    ...(every !== undefined && { interval_seconds: every }),
    ...(overlap !== undefined && { overlap }),
  };
  const data = await session.api.write('PUT', await pathOf(session, plane), body);
  const done = data['created'] === true ? 'set' : 'changed';
  session.show(data, () => `schedule of ${plane} ${done} (audit event ${String(data['audit_event_id'])})\n`);
}

async function show(session: Session, plane: string): Promise<void> {
  const data = await session.api.get(await pathOf(session, plane));
  session.show(data, () =>
    renderFields([
      ['schedule', data['schedule_id']],
      ['when', data['cron'] ?? `every ${String(data['interval_seconds'])} s`],
      ['timezone', data['timezone']],
      ['overlap', data['overlap']],
      ['enabled', data['enabled']],
      ['acts for', data['created_by']],
      ['next turn', data['next_run_at']],
      ['turns', data['run_count']],
      ['left out', data['skipped_by_overlap']],
      ['last turn', data['last_run_at']],
      ['came out', data['last_result']],
      ['because', data['last_reason']],
      ['job', data['last_job_id']],
    ]),
  );
}

async function change(
  session: Session,
  plane: string,
  method: 'POST' | 'DELETE',
  suffix: string,
  done: string,
): Promise<void> {
  const data = await session.api.write(method, `${await pathOf(session, plane)}${suffix}`);
  session.show(data, () => `schedule of ${plane} ${done} (audit event ${String(data['audit_event_id'])})\n`);
}
