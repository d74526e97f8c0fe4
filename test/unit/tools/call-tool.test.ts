import { createCallWatchers } from '../../../operations/tools/calls/call-watchers';
import { MockActivityEnvironment } from '@temporalio/testing';
import { UpstreamFailure } from '../../../activities/adapters/mcp/port';
import { createCallTool } from '../../../activities/tools/call-tool';
import type { CallDependencies } from '../../../activities/tools/call-dependencies';
import { withContext } from '../../../context';
import { refusal } from '../../../contracts/errors';
import { freezeContext } from '../../../contracts/execution-context';

const context = freezeContext({
  tenantId: 'ten_1',
  actor: { id: 'key_1', type: 'machine' },
  ...{ requestId: 'req-1', traceId: 'a', runId: 'run', source: 'worker' },
});

/** Runs the activity between a start that succeeds and a settling that is remembered. */
async function settled(change: Partial<Pick<CallDependencies, 'describeServer' | 'upstream'>>) {
  const ends: { outcome: string; reason?: string }[] = [];
  const dispatch = async (_context: unknown, name: string, { params }: { params: { end: (typeof ends)[number] } }) => {
    if (name === 'tools.calls.start') return { started: true, toolName: 'read_note', inputSchema: {} };
    ends.push(params.end);
    return {};
  };
  const callTool = createCallTool({
    dispatch: dispatch as never,
    callReads: { readCall: async () => ({ state: 'allowed', input: Buffer.from('x'), server: {} as never }) },
    box: { seal: async (_tenant, _name, plain) => Buffer.from(plain), open: async () => Buffer.from('{}') },
    objects: {} as never,
    describeServer: async () => ({}) as never,
    upstream: { callTool: async () => ({ kind: 'result', result: { content: [] } }) } as never,
    reachBarrier: () => {},
    watchers: createCallWatchers(),
    ...change,
  });
  const input = { invocationId: 'inv_0000000000000000', scopes: [] };
  await withContext(context, () => new MockActivityEnvironment().run(callTool, input));
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
