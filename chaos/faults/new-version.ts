import { setTimeout as sleep } from 'node:timers/promises';
import type { Kept } from '../stack/kept';
import { workerNames, type ChaosStack } from '../stack/stack';
import type { Deployment } from '../stack/deployment';

const drainLimitMs = 60_000;
const endLimitMs = 20_000;

/** The workers go over to changed workflows while what the old ones have begun is open. There is no way back. */
export function bringInNextVersion(stack: ChaosStack): Promise<string> {
  return stack.deployment === undefined ? inPlace(stack) : besideTheOld(stack, stack.deployment);
}

// Workers without versions would be given histories that only the others know, so the old are gone before the new begin.
async function inPlace({ processes, install }: ChaosStack): Promise<string> {
  for (const name of workerNames) install(name, 'next');
  await Promise.all(workerNames.map((name) => processes[name].kill()));
  await Promise.all(workerNames.map((name) => processes[name].untilReady()));
  return 'both at once, in place';
}

// One after the other: what is pinned to the old version has a worker until it has ended.
async function besideTheOld({ processes, install, buildIds }: ChaosStack, deployment: Deployment): Promise<string> {
  const [first, second] = workerNames;
  install(first, 'next');
  await replace(processes[first]);
  await deployment.makeCurrent(buildIds.next);
  if (!(await deployment.untilDrained(buildIds.this, drainLimitMs))) return 'first one; the other still has old work';
  install(second, 'next');
  await replace(processes[second]);
  return 'one after the other';
}

/** Asks the process to end, as whoever deploys does, and does not wait for ever. */
async function replace(kept: Kept): Promise<void> {
  const ended = kept.kill({ signal: 'SIGTERM' });
  await Promise.race([ended, sleep(endLimitMs, undefined, { ref: false })]);
  if (kept.pid() !== undefined && (await isPending(ended))) await kept.kill();
  await kept.untilReady();
}

const isPending = (promise: Promise<void>) => Promise.race([promise.then(() => false), sleep(0, true)]);
