import { createRunningWork } from '../../../activities/running-work';
import { createAskUpstream, type AskDependencies } from '../../../activities/tools/ask-upstream';
import { UpstreamFailure } from '../../../activities/adapters/mcp/port';
import { freezeContext } from '../../../contracts/execution-context';
import type { SwitchNotice } from '../../../contracts/switches';

const executionContext = freezeContext({
  tenantId: 'ten_1',
  actor: { id: 'key_1', type: 'machine' },
  ...{ requestId: 'req-1', traceId: 'a', runId: 'run', source: 'worker' },
});

const read = {
  readId: 'inv_0000000000000000',
  server: { server_id: 'mcp_000000000000' } as never,
  request: { method: 'resources/read', params: { uri: 'a:1' } } as const,
  seen: { sw_1: 4 },
};

function kill(epoch: number): SwitchNotice {
  return {
    ...{ switchId: 'sw_1', kind: 'kill', scopeType: 'server', scopeId: 'mcp_000000000000' },
    ...{ tenantId: executionContext.tenantId, enabled: true, epoch },
  } as SwitchNotice;
}

function asking(change: Partial<AskDependencies>) {
  const running = createRunningWork();
  const ask = createAskUpstream({
    running,
    describeServer: async () => ({}) as never,
    upstream: {} as never,
    ...change,
  });
  return { running, answer: ask(executionContext, read) };
}

const reading = (answer: (input: { signal: AbortSignal }) => Promise<unknown>) => ({ read: answer }) as never;
const until = (signal: AbortSignal, error: Error) =>
  new Promise((_resolve, reject) => {
    if (signal.aborted) reject(error);
    signal.addEventListener('abort', () => reject(error));
  });

test('what the server answered comes back, and nothing is left on the list of work', async () => {
  const { running, answer } = asking({ upstream: reading(async () => ({ contents: [] })) });
  expect(await answer).toEqual({ kind: 'answer', answer: { contents: [] } });
  expect(running.count()).toBe(0);
});

test('a read whose server was never asked has failed; one that may have been is unknown', async () => {
  const noSecret = asking({ describeServer: async () => Promise.reject(new Error('no vault')) });
  expect(await noSecret.answer).toMatchObject({ outcome: 'failed', error: { code: 'internal_error' } });
  for (const [reached, outcome] of [
    ['notSent', 'failed'],
    ['answered', 'failed'],
    ['unknown', 'unknown'],
  ] as const) {
    const failure = new UpstreamFailure({ problem: 'timeout', message: 'late' }, reached);
    const { answer } = asking({ upstream: reading(async () => Promise.reject(failure)) });
    expect(await answer).toMatchObject({ kind: 'failure', outcome, error: { code: 'timeout' } });
  }
  const surprise = asking({ upstream: reading(async () => Promise.reject(new Error('surprise'))) });
  expect(await surprise.answer).toMatchObject({ outcome: 'unknown', error: { code: 'internal_error' } });
});

test('a kill ends it at once, and only one that was thrown since it was allowed', async () => {
  for (const [reached, outcome] of [
    ['notSent', 'killed'],
    ['unknown', 'unknown'],
  ] as const) {
    const ended = new UpstreamFailure({ problem: 'cancelled', message: 'cancelled' }, reached);
    const { running, answer } = asking({ upstream: reading(({ signal }) => until(signal, ended)) });
    running.apply([kill(4)]);
    expect(running.count()).toBe(1);
    running.apply([kill(5)]);
    expect(await answer).toMatchObject({ outcome, error: { reason: 'SWITCH_ENGAGED' } });
    expect(running.count()).toBe(0);
  }
});
