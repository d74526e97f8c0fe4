import { InvalidArgumentError, Option, type Command } from 'commander';
import { addReadCommand } from '../../add-command';
import type { CliRun } from '../../deps';
import { integerBetween } from '../../option-values';
import { resolvePlane } from '../../resolve-name';
import { action, type Session } from '../../session';
import { watchAndShow } from '../../show-watch';
import { watchableStates } from '../../watch-plane';

const timeoutSecondsDefault = 600;
const timeoutSecondsMax = 86_400;

/** `aos planes watch` */
export function addWatchCommand(planes: Command, run: CliRun): void {
  addReadCommand(planes, 'watch <plane>', 'follow a plane until it rests, ends or reaches a state')
    .option('--until <state>', 'wait for this state, for example ACTIVE', watchableState)
    .addOption(watchTimeoutOption())
    .action(action(run, watch));
}

/** How long a command watches before it gives up. */
export function watchTimeoutOption(): Option {
  return new Option('--timeout <seconds>', 'give up after this time')
    .argParser(integerBetween(1, timeoutSecondsMax))
    .default(timeoutSecondsDefault);
}

async function watch(session: Session, plane: string, options: { until?: string; timeout: number }): Promise<void> {
  const planeId = await resolvePlane(session, plane);
  await watchAndShow(session, { planeId, plane }, options);
}

function watchableState(text: string): string {
  const state = text.toUpperCase();
  if (watchableStates.includes(state)) return state;
  throw new InvalidArgumentError(`It must be one of ${watchableStates.join(', ')}.`);
}
