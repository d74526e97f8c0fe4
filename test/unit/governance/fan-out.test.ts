import { MockActivityEnvironment } from '@temporalio/testing';
import { createFanOutActivities } from '../../../activities/governance/create-fan-out-activities';
import { withContext } from '../../../context';
import type { Dispatch } from '../../../operations/catalogue';
import type { KnownWorkflow, ThrownSwitch } from '../../../operations/governance/fan-out-reads';
import { systemContext } from '../../../operations/system-context';

const thrown: ThrownSwitch = {
  ...{ scope: 'tenant', scopeId: 'ten_a', tenantId: 'ten_a', reason: 'drill' },
  thrownAt: new Date(0),
};
const workflows = Array.from({ length: 250 }, (_, index): KnownWorkflow => {
  return { workflowId: `w-${String(index).padStart(3, '0')}`, tenantId: 'ten_a' };
});
const unreachable = 'w-050';
const notRunning = 'w-051';

interface Recorded {
  readonly workflowId: string;
  readonly signalled: boolean;
}

function arrange() {
  const recorded: Recorded[] = [];
  const activities = createFanOutActivities({
    dispatch: (async (_context: unknown, _name: string, { params }: { params: { targets: readonly Recorded[] } }) => {
      recorded.push(...params.targets);
      return {};
    }) as unknown as Dispatch,
    fanOutReads: {
      readThrow: async () => thrown,
      listKnown: async (_thrown, { after, limit }) =>
        workflows.filter(({ workflowId }) => workflowId > after).slice(0, limit),
    },
    workflows: {
      async signalKill({ workflowId }) {
        if (workflowId === unreachable) throw new Error('too many signals');
        return workflowId !== notRunning;
      },
      async *listRunning() {
        yield* workflows;
      },
    },
  });
  const run = <T>(work: () => Promise<T>) =>
    withContext(systemContext('ten_a', 'test'), () => new MockActivityEnvironment().run(work));
  return { activities, recorded, run };
}

const input = { switchId: 'sw_1', epoch: 1 };
const howWas = (recorded: readonly Recorded[], id: string) =>
  recorded.filter(({ workflowId }) => workflowId === id).map(({ signalled }) => signalled);

test('one workflow that cannot be reached keeps none behind it from being stopped, and is not forgotten', async () => {
  const { activities, recorded, run } = arrange();
  await expect(run(() => activities.signalKnownWorkflows(input))).rejects.toThrow('1 workflows could not be sent');
  expect(recorded.filter(({ signalled }) => signalled)).toHaveLength(248);
  expect(howWas(recorded, unreachable)).toEqual([false]);
  // By an id alone nothing is seen to run.
  expect(howWas(recorded, notRunning)).toEqual([]);
});

test('a sweep tells what it saw from what it reached', async () => {
  const { activities, recorded, run } = arrange();
  const sweep = await run(() => activities.sweepRunningWorkflows(input));
  expect(sweep).toMatchObject({ inForce: true, open: 250 });
  expect(recorded).toHaveLength(250);
  expect(howWas(recorded, unreachable)).toEqual([false]);
  expect(howWas(recorded, notRunning)).toEqual([false]);
});
