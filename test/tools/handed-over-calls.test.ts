import { randomUUID } from 'node:crypto';
import { cancellationSignal } from '@temporalio/activity';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { heartbeatInterceptors } from '../../activities/interceptors/heartbeat';
import type { AwaitCallInput } from '../../activities/tools/await-call';
import { ApplicationFailure } from '@temporalio/common';
import { contextInterceptor } from '../../client/context-interceptor';
import { createEngine } from '../../client/engine';
import { withContext } from '../../context';
import { freezeContext } from '../../contracts/execution-context';
import { ownCallQueue, taskQueuesOf } from '../../contracts/workflow-messages';
import { until } from '../support/until';

Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });

const requester = freezeContext({
  tenantId: 'ten_0000000000000000',
  actor: { id: 'key_1', type: 'machine' },
  ...{ requestId: 'req-1', traceId: 'a', runId: 'run', source: 'sdk' },
});
const settled = { state: 'settled', outcome: 'succeeded' };
const unknown = { state: 'settled', outcome: 'unknown' };

const ends: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const end of ends.toReversed()) await end();
});

/** A workflow whose calls go on in a process that answers as the test says; each question is kept. */
async function aCall(answers: {
  readonly beginCall: (asked: number) => Promise<unknown>;
  readonly awaitCall?: (input: AwaitCallInput) => Promise<unknown>;
}) {
  const address = process.env.TEST_TEMPORAL_ADDRESS ?? '';
  const taskQueue = `calls-${randomUUID()}`;
  const own = ownCallQueue(taskQueue, 'one');
  const told = { beginCall: 0, awaitCall: [] as AwaitCallInput[], closeCall: [] as unknown[] };
  const activities = {
    beginCall: () => answers.beginCall(++told.beginCall),
    callTool: async () => settled,
    async closeCall(input: unknown) {
      told.closeCall.push(input);
      return unknown;
    },
    recordKill: async () => ({ recorded: true }),
  };
  const awaitCall = async (input: AwaitCallInput) => {
    told.awaitCall.push(input);
    return answers.awaitCall?.(input);
  };
  const connection = await NativeConnection.connect({ address });
  const run = async (options: Parameters<typeof Worker.create>[0]) => {
    const worker = await Worker.create({ connection, ...options });
    const running = worker.run();
    ends.push(async () => {
      worker.shutdown();
      await running;
    });
  };
  const client = new Client({ connection: await Connection.connect({ address }) });
  ends.push(
    () => connection.close(),
    () => client.connection.close(),
  );
  const workflowBundle = { codePath: process.env.TEST_WORKFLOW_BUNDLE ?? '' };
  await run({ taskQueue: taskQueuesOf(taskQueue).tools, activities, workflowBundle });
  const engine = createEngine({ connection: client.connection, namespace: 'default', taskQueue });
  const workflowId = `tool:${taskQueue}`;
  const call = { invocationId: 'inv_1', serverId: 'mcp_1' };
  return {
    ...{ told, own, handle: client.workflow.getHandle(workflowId) },
    start: () =>
      engine.startToolCall({
        workflowId,
        payload: {
          call,
          ...{ serverName: 'notes', toolName: 'read_note', decision: 'allowed', requester },
        },
      }),
    /** As calls were started before there was `mcpToolCall`. */
    startFormer: () =>
      withContext(requester, () =>
        new Client({ connection: client.connection, interceptors: { workflow: [contextInterceptor] } }).workflow.start(
          'toolCall',
          { workflowId, args: [call], taskQueue: taskQueuesOf(taskQueue).tools },
        ),
      ),
    /** From now on the process answers. */
    answer: ({ isHeardOf = true } = {}) => {
      const activity = isHeardOf ? [heartbeatInterceptors] : [];
      return run({ taskQueue: own, activities: { awaitCall }, interceptors: { activity } });
    },
  };
}

const untilCancelled = () =>
  new Promise((resolve) => cancellationSignal().addEventListener('abort', () => resolve(unknown), { once: true }));

const goingOn = (queue: string) => ({ state: 'going_on', queue });

test('a workflow of the former type has the whole call as one activity of the queue', async () => {
  const { told, handle, startFormer } = await aCall({ beginCall: async () => unknown });
  await startFormer();
  expect(await handle.result()).toEqual(settled);
  expect(hasEvent(await handle.fetchHistory(), 'activityTaskScheduledEventAttributes')).toBe(true);
  expect(told).toEqual({ beginCall: 0, awaitCall: [], closeCall: [] });
});

test('a process that knows nothing of the call any more has the workflow ask anew how it stands', async () => {
  const { told, own, handle, start, answer } = await aCall({
    beginCall: async (asked) => (asked === 1 ? goingOn(own) : settled),
    awaitCall: async () => null,
  });
  await answer();
  await start();
  expect(await handle.result()).toEqual(settled);
  expect(told).toEqual({ beginCall: 2, awaitCall: [{ invocationId: 'inv_1', isCancelled: false }], closeCall: [] });
});

test('a process that was not heard of for a while is asked again, and the call is not given up', async () => {
  const { told, own, handle, start, answer } = await aCall({
    beginCall: async () => goingOn(own),
    awaitCall: () => (told.awaitCall.length === 1 ? untilCancelled() : Promise.resolve(settled)),
  });
  await answer({ isHeardOf: false });
  await start();
  expect(await handle.result()).toEqual(settled);
  expect(told).toMatchObject({ beginCall: 1, awaitCall: [{ isCancelled: false }, { isCancelled: false }] });
});

test('a process that is gone has the workflow ask anew, when it was waited for', async () => {
  const { told, own, handle, start } = await aCall({
    beginCall: async (asked) => (asked === 1 ? goingOn(own) : unknown),
  });
  await start();
  expect(await handle.result()).toEqual(unknown);
  expect(told).toEqual({ beginCall: 2, awaitCall: [], closeCall: [] });
});

test.each([
  ['cancelled', (handle: Handle) => handle.cancel()],
  ['killed by the signal', (handle: Handle) => handle.signal('kill')],
])('a workflow that is %s before anybody waits has its call stopped', async (_how, end) => {
  let isEnding = () => {};
  const ending = new Promise<void>((resolve) => (isEnding = resolve));
  const { told, own, handle, start, answer } = await aCall({
    beginCall: async () => ending.then(() => goingOn(own)),
    awaitCall: async ({ isCancelled }) => (isCancelled ? unknown : null),
  });
  await start();
  await until(() => told.beginCall === 1);
  await end(handle);
  isEnding();
  // Nobody has waited by then: the process answers only now.
  await until(async () => hasEvent(await handle.fetchHistory(), 'activityTaskCanceledEventAttributes'));
  await answer();
  expect(await handle.result()).toEqual(unknown);
  expect(told).toMatchObject({ beginCall: 1, awaitCall: [{ invocationId: 'inv_1', isCancelled: true }] });
});

test('a call that fails for good where it goes on is closed', async () => {
  const { told, own, handle, start, answer } = await aCall({
    beginCall: async () => goingOn(own),
    awaitCall: () => Promise.reject(failure({ nonRetryable: true })),
  });
  await answer();
  await start();
  expect(await handle.result()).toEqual(unknown);
  expect(told).toMatchObject({ beginCall: 1, closeCall: [{ why: 'failed', reason: 'service_unavailable' }] });
});

test('a call that fails in passing where it goes on is begun again', async () => {
  const { told, own, handle, start, answer } = await aCall({
    beginCall: async (asked) => (asked === 1 ? goingOn(own) : settled),
    awaitCall: () => Promise.reject(failure({ nonRetryable: false })),
  });
  await answer();
  await start();
  expect(await handle.result()).toEqual(settled);
  expect(told).toMatchObject({ beginCall: 2, closeCall: [] });
});

test('a workflow that is cancelled while it waits hears how its call was stopped', async () => {
  const { told, own, handle, start, answer } = await aCall({
    beginCall: async () => goingOn(own),
    awaitCall: untilCancelled,
  });
  await answer();
  await start();
  await until(() => told.awaitCall.length === 1);
  await handle.cancel();
  expect(await handle.result()).toEqual(unknown);
  expect(told).toMatchObject({ beginCall: 1, closeCall: [] });
});

const failure = (options: { nonRetryable: boolean }) =>
  ApplicationFailure.create({ message: 'no', type: 'service_unavailable', ...options });

type Handle = Awaited<ReturnType<typeof aCall>>['handle'];

function hasEvent({ events }: { events?: object[] | null }, attributes: string): boolean {
  return (events ?? []).some((event) => (event as Record<string, unknown>)[attributes] != null);
}
