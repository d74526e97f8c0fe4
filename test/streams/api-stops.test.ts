import { openEventStream } from '../support/event-stream';
import { anUploadPlane, transition } from '../support/planes';
import { startProcessStack, type ProcessStack } from '../support/process-stack';
import { until } from '../support/until';

let stack: ProcessStack;
beforeAll(async () => {
  stack = await startProcessStack();
});
afterAll(() => stack?.stop());

test('an API that stops waits for no stream, and the next one goes on where it was', async () => {
  const first = await stack.startApi();
  const { planeId } = await anUploadPlane(stack.api(), 'followed');
  const apiKey = stack.keys.tenants[0]?.admin_key ?? '';
  const stream = await openEventStream({ url: first.url, apiKey, planeId, lastEventId: '0' });
  // In either order: a transaction that stays open in another database holds back what happened, and progress is told.
  await until(() => stream.seen.length === 2);
  expect(stream.seen.map(({ event, data }) => data.event_type ?? event).toSorted()).toEqual([
    'PlaneRegistered',
    'job.progress.updated',
  ]);

  await first.stop();
  await stream.ended;
  expect(stream.seen).toHaveLength(2);
  expect(first.end()).toBe(0);

  const second = await stack.startApi();
  await transition(stack.api(), planeId, 'fail_knowledge_plane');
  const next = await openEventStream({ url: second.url, apiKey, planeId, lastEventId: stream.seen.at(-1)?.id });
  const told = () => next.seen.filter(({ event }) => event === 'lifecycle').map(({ data }) => data.to_state);
  await until(() => told().includes('FAILED'));
  expect(told()).toEqual(['FAILED']);
  next.close();
});
