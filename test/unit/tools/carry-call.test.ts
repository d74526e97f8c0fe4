import { MockActivityEnvironment } from '@temporalio/testing';
import { UpstreamFailure } from '../../../activities/adapters/mcp/port';
import { createCarryCall } from '../../../activities/tools/carry-call';
import type { CarryDependencies } from '../../../activities/tools/call-dependencies';
import { withContext } from '../../../context';
import { refusal } from '../../../contracts/errors';
import { freezeContext } from '../../../contracts/execution-context';
import { createCallWatchers } from '../../../operations/tools/calls/call-watchers';
import { createHandedCalls } from '../../../operations/tools/calls/handed-calls';

const context = freezeContext({
  tenantId: 'ten_1',
  actor: { id: 'key_1', type: 'machine' },
  ...{ requestId: 'req-1', traceId: 'a', runId: 'run', source: 'worker' },
});

const sending = { server: {}, seen: {}, toolName: 'read_note', inputSchema: {}, redactions: [] };

interface Retry {
  readonly isRetrySafe?: boolean;
  /** What opening another intent comes to. */
  readonly again?: () => unknown;
}

/** Carries the call out between a start that succeeds and a settling that is remembered. */
async function settled(change: Partial<CarryDependencies>, retry: Retry = {}) {
  const { isRetrySafe = false, again = () => ({ started: false }) } = retry;
  const ends: { outcome: string; reason?: string }[] = [];
  const dispatch = async (_context: unknown, name: string, { params }: { params: { end: (typeof ends)[number] } }) => {
    if (name === 'tools.calls.start') return { started: true, ...sending, isRetrySafe };
    if (name === 'tools.calls.retry') return again();
    ends.push(params.end);
    return { state: 'settled', outcome: params.end.outcome };
  };
  const carry = createCarryCall({
    dispatch: dispatch as never,
    callReads: { readCall: async () => ({ state: 'allowed', input: Buffer.from('x'), serverId: 'mcp_1' }) },
    handedCalls: createHandedCalls(),
    box: { seal: async (_tenant, _name, plain) => Buffer.from(plain), open: async () => Buffer.from('{}') },
    objects: {} as never,
    describeServer: async () => ({}) as never,
    upstream: { callTool: async () => ({ kind: 'result', result: { content: [] } }) } as never,
    reachBarrier: () => {},
    watchers: createCallWatchers(),
    ...change,
  });
  await withContext(context, () => new MockActivityEnvironment().run(carry, 'inv_0000000000000000'));
  expect(ends).toHaveLength(1);
  return ends[0];
}

const throwing = (error: unknown) => ({ callTool: async () => Promise.reject(error) }) as never;

it('says of a fault of ours on the way to the server that nothing was sent', async () => {
  const describeServer = async () => Promise.reject(new Error('no vault'));
  expect(await settled({ describeServer })).toMatchObject({ outcome: 'failed', reason: 'service_unavailable' });
});

it('says that a switch stopped it where the secret was refused for that', async () => {
  const describeServer = async () => Promise.reject(refusal('SWITCH_ENGAGED', 'stopped'));
  expect(await settled({ describeServer })).toMatchObject({ outcome: 'killed' });
});

it.each([
  ['a fault that nobody expected', new TypeError('of the library'), 'unknown'],
  ['a refusal once it was asked', refusal('SWITCH_ENGAGED', 'stopped'), 'unknown'],
  [
    'a failure that may have been sent',
    new UpstreamFailure({ problem: 'timeout', message: 'late' }, 'unknown'),
    'unknown',
  ],
  [
    'a failure before a byte was sent',
    new UpstreamFailure({ problem: 'cannot_connect', message: 'no' }, 'notSent'),
    'failed',
  ],
  ['an end before a byte was sent', new UpstreamFailure({ problem: 'cancelled', message: 'no' }, 'notSent'), 'killed'],
])('takes %s from the upstream as it is', async (_what, error, outcome) => {
  expect(await settled({ upstream: throwing(error) })).toMatchObject({ outcome });
});

describe('a call of which nobody knows what became of it', () => {
  const lost = new UpstreamFailure({ problem: 'connection_lost', message: 'gone' }, 'unknown');
  const isRetrySafe = true;
  /** Answers in turn; what is an error is thrown. */
  function answering(...answers: unknown[]) {
    const upstream = {
      asked: 0,
      async callTool() {
        const answer = answers[upstream.asked++];
        if (answer instanceof Error) throw answer;
        return { kind: 'result', result: answer };
      },
    };
    return upstream;
  }
  const opening = (counter = { opened: 0 }) => ({
    counter,
    again: () => {
      counter.opened += 1;
      return { started: true, ...sending, isRetrySafe };
    },
  });
  const run = (upstream: object, retry: Retry) => settled({ upstream: upstream as never }, retry);

  it('is not sent again where nobody has said that this does no harm', async () => {
    const upstream = answering(lost);
    const { counter, again } = opening();
    expect(await run(upstream, { again })).toMatchObject({ outcome: 'unknown' });
    expect({ asked: upstream.asked, ...counter }).toEqual({ asked: 1, opened: 0 });
  });

  it('is sent again, each time under an intent of its own, until there is an answer', async () => {
    const upstream = answering(lost, lost, { content: [] });
    const { counter, again } = opening();
    expect(await run(upstream, { isRetrySafe, again })).toMatchObject({ outcome: 'succeeded' });
    expect({ asked: upstream.asked, ...counter }).toEqual({ asked: 3, opened: 2 });
  });

  it('is sent three times at most', async () => {
    const upstream = answering(lost, lost, lost, { content: [] });
    expect(await run(upstream, { isRetrySafe, ...opening() })).toMatchObject({ outcome: 'unknown' });
    expect(upstream.asked).toBe(3);
  });

  it('takes an answer that it failed for an answer', async () => {
    const upstream = answering({ content: [], isError: true }, { content: [] });
    expect(await run(upstream, { isRetrySafe, ...opening() })).toMatchObject({ outcome: 'failed' });
    expect(upstream.asked).toBe(1);
  });

  it('is not sent again when nothing had left', async () => {
    const upstream = answering(new UpstreamFailure({ problem: 'cannot_connect', message: 'no' }, 'notSent'));
    expect(await run(upstream, { isRetrySafe, ...opening() })).toMatchObject({ outcome: 'failed' });
    expect(upstream.asked).toBe(1);
  });

  it('stays unknown when a later attempt does not leave', async () => {
    const unsent = new UpstreamFailure({ problem: 'circuit_open', message: 'no' }, 'notSent');
    const upstream = answering(lost, unsent, unsent);
    expect(await run(upstream, { isRetrySafe, ...opening() })).toMatchObject({ outcome: 'unknown' });
    expect(upstream.asked).toBe(3);
  });

  it('is unknown when sending it again is refused by then', async () => {
    const upstream = answering(lost);
    const again = () => {
      throw refusal('SWITCH_ENGAGED', 'stopped');
    };
    expect(await run(upstream, { isRetrySafe, again })).toMatchObject({ outcome: 'unknown', reason: 'network_error' });
    expect(upstream.asked).toBe(1);
  });
});

describe('a call that was taken on in this process', () => {
  const call = {
    tenantId: 'ten_1',
    invocationId: 'inv_0000000000000000',
    serverId: 'mcp_1',
    arguments: { id: 'here' },
  };
  const readCall = async () => Promise.reject(new Error('read'));

  async function sentWith(handed: typeof call): Promise<unknown> {
    const handedCalls = createHandedCalls();
    handedCalls.give(handed);
    const sent: unknown[] = [];
    const callTool = async (asked: { arguments: unknown }) => {
      sent.push(asked.arguments);
      return { kind: 'result', result: { content: [] } };
    };
    await settled({ handedCalls, callReads: { readCall }, upstream: { callTool } as never });
    return sent[0];
  }

  it('is sent with the arguments that it was asked for with, without reading them', async () => {
    expect(await sentWith(call)).toEqual({ id: 'here' });
  });

  it('is read where another tenant has one under its id', async () => {
    await expect(sentWith({ ...call, tenantId: 'ten_2' })).rejects.toThrow('read');
  });

  it('is read when nobody waits for it any longer', async () => {
    const handedCalls = createHandedCalls();
    handedCalls.give(call)();
    expect(handedCalls.of(call.tenantId, call.invocationId)).toBeUndefined();
  });
});
