import { awaitEnd } from '../../../api/tools/await-end';

const never = new Promise<void>(() => {});

test('a call that is settled here is not asked about', async () => {
  const askEngine = jest.fn(() => never);
  await awaitEnd({ settled: Promise.resolve(), waitMs: 60_000, askAfterMs: 60_000, askEngine });
  expect(askEngine).not.toHaveBeenCalled();
});

test('the engine is asked about a call of which nobody here tells', async () => {
  const askEngine = jest.fn(async () => {});
  await awaitEnd({ settled: never, waitMs: 60_000, askEngine, askAfterMs: 1 });
  expect(askEngine).toHaveBeenCalledTimes(1);
});

test('a call that is settled here while the engine is asked is over', async () => {
  let settle = () => {};
  const settled = new Promise<void>((resolve) => (settle = resolve));
  await awaitEnd({
    ...{ settled, waitMs: 60_000, askAfterMs: 1 },
    askEngine: () => {
      settle();
      return never;
    },
  });
});

test('nobody waits longer than was allowed before the engine is asked', async () => {
  const askEngine = jest.fn(async () => {});
  await awaitEnd({ settled: never, waitMs: 0, askEngine, askAfterMs: 60_000 });
  expect(askEngine).toHaveBeenCalledTimes(1);
});
