import type { Command } from 'commander';
import { addWriteCommand } from '../../add-command';
import type { CliRun } from '../../deps';
import { planeAction, planeActionWords } from '../../plane-actions';
import { resolvePlane } from '../../resolve-name';
import { action, type Session } from '../../session';
import { watchAndShow } from '../../show-watch';
import { renderFields } from '../../table';
import { watchTimeoutOption } from './watch';

interface TransitionOptions {
  readonly reason: string;
  readonly watch?: boolean;
  readonly timeout: number;
}

/** `aos planes transition` */
export function addTransitionCommand(planes: Command, run: CliRun): void {
  addWriteCommand(planes, 'transition <plane> <action>', `take the next step: ${planeActionWords.join(', ')}`)
    .requiredOption('--reason <text>', 'why; it is kept in the audit')
    .option('--watch', 'follow what it starts')
    .addOption(watchTimeoutOption())
    .action(action(run, transition));
}

async function transition(session: Session, plane: string, word: string, options: TransitionOptions): Promise<void> {
  const body = { action: planeAction(word), reason: options.reason };
  const planeId = await resolvePlane(session, plane);
  const data = await session.api.write('POST', `/lifecycle/${encodeURIComponent(planeId)}/transition`, body);
  if (options.watch === true && session.json) return watchAndShow(session, { planeId, plane }, options);

  session.show(data, () =>
    renderFields([
      ['from', data['from_state']],
      ['to', data['to_state']],
      ['gate', data['gate_result']],
      ['job', data['job_id']],
      ['audit event', data['audit_event_id']],
    ]),
  );
  if (options.watch === true) await watchAndShow(session, { planeId, plane }, options);
}
