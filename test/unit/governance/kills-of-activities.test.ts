import { MockActivityEnvironment } from '@temporalio/testing';
import { killSwitchInterceptors } from '../../../activities/interceptors/kill-switch';
import { createRunningWork } from '../../../activities/running-work';
import { runStoppable } from '../../../activities/stoppable-work';
import { passedFence, workSignal } from '../../../activities/work-signal';
import { withContext } from '../../../context';
import { freezeContext } from '../../../contracts/execution-context';
import type { SwitchNotice, SwitchRow } from '../../../contracts/switches';

const context = freezeContext({
  tenantId: 'ten_1',
  actor: { id: 'key_1', type: 'machine' },
  ...{ requestId: 'req-1', traceId: 'a', runId: 'run', source: 'worker' },
});

const row = (epoch: number, enabled: boolean): SwitchRow => ({
  ...{ switchId: 'sw_1', kind: 'kill', scopeType: 'tenant', scopeId: 'ten_1', owner: 'tenant', enabled, epoch },
});
const notice = (epoch: number): SwitchNotice => ({ ...row(epoch, true), tenantId: 'ten_1' });

type Work = (told: ReturnType<typeof createRunningWork>) => Promise<void>;

/** What the switches are when they are looked at, and a list of what runs. */
function aProcess(rows: readonly SwitchRow[]) {
  return { running: createRunningWork(), readKills: jest.fn(async () => rows) };
}

/** Runs work as the activity; says whether its signal was aborted. */
async function run(activityType: string, rows: readonly SwitchRow[], work: Work) {
  const { running, readKills } = aProcess(rows);
  const intercept = killSwitchInterceptors({ readKills, running });
  const environment = new MockActivityEnvironment({ activityType }, { interceptors: [intercept] });
  const ended = withContext(context, () =>
    environment.run(async () => {
      await work(running);
      return workSignal().aborted;
    }),
  );
  return { ended, readKills };
}

/** Runs work that begins behind the fence; says whether its signal was aborted. */
async function runFenced(rows: readonly SwitchRow[], work: Work) {
  const { running, readKills } = aProcess(rows);
  const scopes = [{ type: 'tenant', id: 'ten_1' }] as const;
  const stoppable = { tenantId: 'ten_1', scopes, cancelled: new AbortController().signal, looksFirst: false };
  const ended = runStoppable({ readKills, running }, stoppable, async () => {
    await work(running);
    return workSignal().aborted;
  });
  return { ended, readKills };
}

const nothing = async () => {};

it('looks at the switches before an activity does anything', async () => {
  const work = jest.fn(nothing);
  const { ended } = await run('indexDocuments', [row(3, true)], work);
  await expect(ended).rejects.toMatchObject({ reason: 'SWITCH_ENGAGED' });
  expect(work).not.toHaveBeenCalled();
});

it.each(['beginCall', 'callTool', 'awaitCall', 'closeCall'])('leaves %s to itself, also under a kill', async (type) => {
  const { ended, readKills } = await run(type, [row(3, true)], nothing);
  expect(await ended).toBe(false);
  expect(readKills).not.toHaveBeenCalled();
});

describe('work that begins behind the fence', () => {
  it('is not looked at before', async () => {
    const { ended, readKills } = await runFenced([], () => passedFence({ sw_1: 3 }));
    expect(await ended).toBe(false);
    expect(readKills).not.toHaveBeenCalled();
  });

  it('is stopped by what is thrown after its fence', async () => {
    const { ended } = await runFenced([], async (running) => {
      await passedFence({ sw_1: 3 });
      running.apply([notice(5)]);
    });
    expect(await ended).toBe(true);
  });

  it('goes on after a notice that comes late, of a throw that its fence has seen the end of', async () => {
    const { ended } = await runFenced([], async (running) => {
      await passedFence({ sw_1: 4 });
      running.apply([notice(3)]);
    });
    expect(await ended).toBe(false);
  });

  it('is looked at once more after a notice that came before its fence was passed', async () => {
    const thrown = await runFenced([row(5, true)], async (running) => {
      running.apply([notice(5)]);
      await passedFence({ sw_1: 4 });
    });
    expect(await thrown.ended).toBe(true);
    const released = await runFenced([row(4, false)], async (running) => {
      running.apply([notice(3)]);
      await passedFence({ sw_1: 4 });
    });
    expect(await released.ended).toBe(false);
    expect(released.readKills).toHaveBeenCalledTimes(1);
  });
});
