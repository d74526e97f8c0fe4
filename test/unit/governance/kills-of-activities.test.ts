import { MockActivityEnvironment } from '@temporalio/testing';
import { killSwitchInterceptors } from '../../../activities/interceptors/kill-switch';
import { createRunningWork } from '../../../activities/running-work';
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

/** Runs work as the activity, with what the switches are when they are looked at; says whether its signal was aborted. */
async function run(
  activityType: string,
  rows: readonly SwitchRow[],
  work: (told: ReturnType<typeof createRunningWork>) => Promise<void>,
) {
  const running = createRunningWork();
  const readKills = jest.fn(async () => rows);
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

const nothing = async () => {};

it('looks at the switches before an activity does anything', async () => {
  const work = jest.fn(nothing);
  const { ended } = await run('indexDocuments', [row(3, true)], work);
  await expect(ended).rejects.toMatchObject({ reason: 'SWITCH_ENGAGED' });
  expect(work).not.toHaveBeenCalled();
});

describe('an activity that begins behind the fence', () => {
  it('is not looked at before', async () => {
    const { ended, readKills } = await run('callTool', [], () => passedFence({ sw_1: 3 }));
    expect(await ended).toBe(false);
    expect(readKills).not.toHaveBeenCalled();
  });

  it('is stopped by what is thrown after its fence', async () => {
    const { ended } = await run('callTool', [], async (running) => {
      await passedFence({ sw_1: 3 });
      running.apply([notice(5)]);
    });
    expect(await ended).toBe(true);
  });

  it('goes on after a notice that comes late, of a throw that its fence has seen the end of', async () => {
    const { ended } = await run('callTool', [], async (running) => {
      await passedFence({ sw_1: 4 });
      running.apply([notice(3)]);
    });
    expect(await ended).toBe(false);
  });

  it('is looked at once more after a notice that came before its fence was passed', async () => {
    const thrown = await run('callTool', [row(5, true)], async (running) => {
      running.apply([notice(5)]);
      await passedFence({ sw_1: 4 });
    });
    expect(await thrown.ended).toBe(true);
    const released = await run('callTool', [row(4, false)], async (running) => {
      running.apply([notice(3)]);
      await passedFence({ sw_1: 4 });
    });
    expect(await released.ended).toBe(false);
    expect(released.readKills).toHaveBeenCalledTimes(1);
  });
});
