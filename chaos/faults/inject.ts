import { setTimeout as sleep } from 'node:timers/promises';
import type { Fixtures } from '../fixtures/server';
import { fair, type Proxy, type Weather } from '../proxy';
import type { ChaosStack } from '../stack/stack';
import type { Injection } from './catalogue';
import { clockPreload } from './clock';
import { bringInNextVersion } from './new-version';
import type { SmallDisk } from './small-disk';

export interface Surroundings {
  readonly stack: ChaosStack;
  readonly fixtures: Fixtures;
  /** Undefined where a disk of one's own is not to be had, with the reason in `skipped`. */
  readonly disk: SmallDisk | undefined;
  readonly folder: string;
}

/** Carries one fault out and takes it back. Answers what came of it, in a few words. */
export async function inject(injection: Injection, surroundings: Surroundings): Promise<string> {
  const { stack, fixtures, disk } = surroundings;
  const { processes, ways } = stack;
  switch (injection.kind) {
    case 'kill':
      return killApplication(injection, surroundings);
    case 'kill-api':
      await processes.api.kill({ downMs: injection.downMs });
      return `down for ${injection.downMs} ms`;
    case 'freeze': {
      const before = processes[injection.target].pid();
      processes[injection.target].signal('SIGSTOP');
      await sleep(injection.forMs);
      processes[injection.target].signal('SIGCONT');
      return before === processes[injection.target].pid() ? 'went on' : 'was killed meanwhile';
    }
    case 'kill-temporal':
      await processes.temporal.kill({ downMs: injection.downMs });
      await processes.temporal.untilReady();
      return `down for ${injection.downMs} ms`;
    case 'stop-postgres':
      for (const ms of injection.everyMs) {
        // SIGQUIT is what `pg_ctl stop -m immediate` sends.
        await processes.postgres.kill({ signal: 'SIGQUIT', downMs: injection.awayMs });
        await sleep(ms);
      }
      await processes.postgres.untilReady();
      return `${injection.everyMs.length} times`;
    case 'lose-commits': {
      const all = Object.values(ways).map(({ postgres }) => postgres);
      const before = all.reduce((sum, { counts }) => sum + counts.lostCommits, 0);
      await weatherFor(all, { lostCommitShare: injection.share }, injection.forMs);
      return `${all.reduce((sum, { counts }) => sum + counts.lostCommits, 0) - before} answers lost`;
    }
    case 'partition':
      await weatherFor([ways[injection.target][injection.from]], { isPartitioned: true }, injection.forMs);
      return `for ${injection.forMs} ms`;
    case 'weather': {
      const all = Object.values(ways).flatMap(({ postgres, temporal }) => [postgres, temporal]);
      const before = all.reduce((sum, { counts }) => sum + counts.resets, 0);
      await weatherFor(all, { jitterMs: 200, resetShare: 0.1, stallShare: 0.02 }, injection.forMs);
      return `${all.reduce((sum, { counts }) => sum + counts.resets, 0) - before} connections reset`;
    }
    case 'new-version':
      return bringInNextVersion(stack);
    case 'disk-full':
      if (disk === undefined) return 'skipped';
      await disk.fill();
      await sleep(injection.forMs);
      await disk.empty();
      await processes.postgres.untilReady();
      return `full for ${injection.forMs} ms`;
    case 'clock': {
      const worker = processes[injection.target];
      await worker.kill({ next: await clockPreload(surroundings.folder, injection.offsetMs) });
      await worker.untilReady();
      await sleep(injection.forMs);
      await worker.kill();
      return `${injection.offsetMs / 60_000} minutes off`;
    }
    case 'misbehave':
      fixtures.misbehave(injection.sink, injection.manner, injection.share);
      await sleep(injection.forMs);
      fixtures.behave();
      return `for ${injection.forMs} ms`;
  }
}

// A process takes seconds to start where others use the machine.
const barrierWaitMs = 20_000;

async function killApplication(
  { target, barrier }: Extract<Injection, { kind: 'kill' }>,
  { stack }: Surroundings,
): Promise<string> {
  const application = stack.processes[target];
  await application.kill(barrier === undefined ? {} : { next: { AOS_TEST_BARRIER: barrier } });
  if (barrier === undefined) return 'at once';
  await application.untilReady();
  const before = stack.deaths.length;
  await Promise.race([application.ended(), sleep(barrierWaitMs, undefined, { ref: false })]);
  const died = stack.deaths.slice(before).some(({ name, how }) => name === target && how === 'SIGKILL');
  // No barrier may be left behind: it would strike after everything was healed.
  if (!died) await application.kill();
  return died ? 'at the barrier' : 'the barrier was not reached; killed';
}

async function weatherFor(proxies: readonly Proxy[], weather: Partial<Weather>, forMs: number): Promise<void> {
  for (const proxy of proxies) Object.assign(proxy.weather, weather);
  await sleep(forMs);
  for (const proxy of proxies) {
    for (const member of Object.keys(weather) as (keyof Weather)[]) {
      Object.assign(proxy.weather, { [member]: fair[member] });
    }
  }
}
