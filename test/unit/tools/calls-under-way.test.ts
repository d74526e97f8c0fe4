import { ActivityCancellationDetails } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createRunningWork } from '../../../activities/running-work';
import { createAwaitCall, createCallTool } from '../../../activities/tools/await-call';
import { createBeginCall, createJoinCall, type BeginCallInput } from '../../../activities/tools/begin-call';
import type { CallDependencies } from '../../../activities/tools/call-dependencies';
import { callsUnderWayMax, createCallsUnderWay } from '../../../activities/tools/calls-under-way';
import { passedFence, workSignal } from '../../../activities/work-signal';
import { withContext } from '../../../context';
import { freezeContext } from '../../../contracts/execution-context';
import type { SwitchNotice } from '../../../contracts/switches';
import type { ToolCallStep } from '../../../contracts/tool-calls';
import { createCallWatchers } from '../../../operations/tools/calls/call-watchers';
import { createHandedCalls } from '../../../operations/tools/calls/handed-calls';
import { until } from '../../support/until';

const context = freezeContext({
  tenantId: 'ten_1',
  actor: { id: 'key_1', type: 'machine' },
  ...{ requestId: 'req-1', traceId: 'a', runId: 'run', source: 'worker' },
});
const settled: ToolCallStep = { state: 'settled', outcome: 'succeeded' };
const scopes = [{ type: 'server', id: 'mcp_1' }] as const;
const called = (invocationId = 'inv_1') => ({ tenantId: 'ten_1', invocationId, scopes });
const serverKill: SwitchNotice = {
  ...{ switchId: 'sw_1', kind: 'kill', scopeType: 'server', scopeId: 'mcp_1', owner: 'tenant' },
  ...{ enabled: true, epoch: 1, tenantId: 'ten_1' },
};

function aProcess() {
  const running = createRunningWork();
  const failures: unknown[] = [];
  const onFailure = (error: unknown) => void failures.push(error);
  return { running, failures, underWay: createCallsUnderWay({ running, readKills: async () => [], onFailure }) };
}

/** Work that ends when it is let go, or stopped. */
function held() {
  const state = { begun: 0, stoppedBy: undefined as unknown, release: () => {} };
  const released = new Promise<void>((resolve) => (state.release = resolve));
  const carry = async (): Promise<ToolCallStep> => {
    state.begun += 1;
    const signal = workSignal();
    const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    await Promise.race([released, stopped]);
    state.stoppedBy = signal.reason;
    return signal.aborted ? { state: 'settled', outcome: 'unknown' } : settled;
  };
  return Object.assign(state, { carry });
}

describe('calls under way', () => {
  it('are carried out once, however many join them, and are forgotten when they have ended', async () => {
    const { underWay, running } = aProcess();
    const call = held();
    const one = underWay.join(called(), call.carry);
    expect(underWay.join(called(), call.carry)).toBe(one);
    expect(underWay.find(called())).toBe(one);
    expect(running.count()).toBe(1);
    call.release();
    expect(await one.end).toEqual(settled);
    expect([call.begun, underWay.find(called()), running.count()]).toEqual([1, undefined, 0]);
  });

  it('are of one tenant: another finds none under the same id', async () => {
    const { underWay } = aProcess();
    const call = held();
    const { end } = underWay.join(called(), call.carry);
    expect(underWay.find({ tenantId: 'ten_2', invocationId: 'inv_1' })).toBeUndefined();
    call.release();
    await end;
  });

  it('are stopped by a kill that is thrown after their fence was passed, and not by one of another scope', async () => {
    const { underWay, running } = aProcess();
    const call = held();
    const fenced = async () => {
      await passedFence({});
      return call.carry();
    };
    const { end } = underWay.join(called(), fenced);
    await until(() => call.begun === 1);
    running.apply([{ ...serverKill, scopeId: 'mcp_2' }]);
    running.apply([serverKill]);
    expect(await end).toEqual({ state: 'settled', outcome: 'unknown' });
    expect(call.stoppedBy).toMatchObject({ reason: 'SWITCH_ENGAGED' });
  });

  it('fail as their work failed, which is told, and can be begun again', async () => {
    const { underWay, failures } = aProcess();
    const { end } = underWay.join(called(), async () => Promise.reject(new Error('no database')));
    await expect(end).rejects.toThrow('no database');
    expect(failures).toEqual([new Error('no database')]);
    expect(await underWay.join(called(), async () => settled).end).toEqual(settled);
  });

  it('are five hundred at most', async () => {
    const { underWay } = aProcess();
    const call = held();
    const all = Array.from({ length: callsUnderWayMax }, (_, n) => underWay.join(called(`inv_${n}`), call.carry));
    expect(() => underWay.join(called('one more'), call.carry)).toThrow('too many calls are under way');
    call.release();
    await Promise.all(all.map(({ end }) => end));
    expect(await underWay.join(called('one more'), async () => settled).end).toEqual(settled);
  });

  it('have their time to end when the process does, and are stopped then', async () => {
    const { underWay } = aProcess();
    const quick = held();
    const slow = held();
    const ends = [underWay.join(called('quick'), quick.carry), underWay.join(called('slow'), slow.carry)];
    const ended = underWay.end(50);
    quick.release();
    await ended;
    expect(await Promise.all(ends.map(({ end }) => end))).toEqual([settled, { state: 'settled', outcome: 'unknown' }]);
    expect(quick.stoppedBy).toBeUndefined();
    expect(slow.stoppedBy).toMatchObject({ message: 'the process ends' });
  });
});

describe('the activities', () => {
  /** Between a start that is held until it is let go and a settling that succeeds. */
  function activities() {
    const { underWay } = aProcess();
    const start = { release: () => {}, fails: undefined as Error | undefined };
    const released = new Promise<void>((resolve) => (start.release = resolve));
    const dispatch = async () => {
      await released;
      if (start.fails !== undefined) throw start.fails;
      return { started: false, outcome: 'succeeded', lostIntentId: null };
    };
    const dependencies: CallDependencies = {
      ...{ underWay, ownQueue: 'own', dispatch: dispatch as never, handedCalls: createHandedCalls() },
      callReads: { readCall: async () => ({ state: 'allowed', input: Buffer.from('x'), serverId: 'mcp_1' }) },
      box: { seal: async (_tenant, _name, plain) => Buffer.from(plain), open: async () => Buffer.from('{}') },
      ...{ objects: {} as never, describeServer: (() => {}) as never, upstream: {} as never },
      ...{ reachBarrier: () => {}, watchers: createCallWatchers() },
    };
    const joinCall = createJoinCall(dependencies);
    const beginCall = createBeginCall(joinCall, dependencies);
    const callTool = createCallTool(joinCall);
    const inside = <Input, Output>(work: (input: Input) => Promise<Output>, input: Input) => {
      const environment = new MockActivityEnvironment();
      return { ended: withContext(context, () => environment.run(work, input)), environment };
    };
    const awaitCall = createAwaitCall({ underWay });
    const called: BeginCallInput = { invocationId: 'inv_1', scopes };
    return {
      ...{ underWay, start },
      call: () => inside(beginCall, called).ended,
      callAsActivity: () => inside(callTool, called),
      wait: (isCancelled = false) => inside(awaitCall, { invocationId: 'inv_1', isCancelled }),
    };
  }

  it('say at once how a call stands that ends at once', async () => {
    const { call, start } = activities();
    start.release();
    expect(await call()).toEqual(settled);
  });

  it('say of a call that takes longer where its end is told, and tell it there', async () => {
    const { call, start, wait } = activities();
    expect(await call()).toEqual({ state: 'going_on', queue: 'own' });
    const { ended } = wait();
    start.release();
    expect(await ended).toEqual(settled);
    expect(await wait().ended).toBeNull();
  });

  it('tell of one that failed that it did', async () => {
    const { call, start, wait } = activities();
    start.fails = new Error('no database');
    expect(await call()).toMatchObject({ state: 'going_on' });
    const { ended } = wait();
    start.release();
    await expect(ended).rejects.toThrow('no database');
  });

  it('are one for a workflow that knows the call as one: it waits for the end, and stops it when cancelled', async () => {
    const { callAsActivity, start, underWay } = activities();
    const whole = callAsActivity();
    start.release();
    expect(await whole.ended).toEqual(settled);
    const call = held();
    underWay.join(called(), call.carry);
    const cut = callAsActivity();
    cut.environment.cancel();
    expect(await cut.ended).toEqual({ state: 'settled', outcome: 'unknown' });
  });

  it.each([{ notFound: true }, { timedOut: true }])(
    'leave a call alone of which the engine lost sight: %p',
    async (why) => {
      const { underWay, wait } = activities();
      const call = held();
      underWay.join(called(), call.carry);
      const { ended, environment } = wait();
      environment.cancel('NOT_FOUND', new ActivityCancellationDetails(why));
      await expect(ended).rejects.toThrow('NOT_FOUND');
      const again = wait().ended;
      call.release();
      expect(await again).toEqual(settled);
      expect(call.stoppedBy).toBeUndefined();
    },
  );

  it.each([{ workerShutdown: true }, {}])('stop the call when their worker is shut down: %p', async (why) => {
    const { underWay, wait } = activities();
    underWay.join(called(), held().carry);
    const { ended, environment } = wait();
    environment.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails(why));
    expect(await ended).toEqual({ state: 'settled', outcome: 'unknown' });
  });

  it.each([
    ['while they wait', false],
    ['before they wait', true],
  ])('stop the call when the workflow is cancelled %s', async (_when, isCancelled) => {
    const { underWay, wait } = activities();
    const call = held();
    underWay.join(called(), call.carry);
    const { ended, environment } = wait(isCancelled);
    if (!isCancelled) environment.cancel();
    expect(await ended).toEqual({ state: 'settled', outcome: 'unknown' });
    expect(call.stoppedBy).toBeDefined();
  });
});
