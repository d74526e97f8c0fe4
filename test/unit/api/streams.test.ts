import { createServer, get, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { createPlaneFeed } from '../../../api/events/plane-feed';
import { sendStream } from '../../../api/events/send-stream';
import { createStreams } from '../../../api/events/streams';
import { overallPercentage } from '../../../api/views/progress';
import { EngineError } from '../../../contracts/errors';
import type { StreamEvent } from '../../../api/route';
import { until } from '../../support/until';

async function serve(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, stop: () => (server.closeAllConnections(), new Promise((resolve) => server.close(resolve))) };
}

const listen = (url: string) => new Promise<IncomingMessage>((resolve) => get(url, resolve));

/** An application with one stream of events, of which it counts those it was asked for. */
function streaming(count: number, recheck: () => Promise<void> = async () => {}, heartbeatMs = 60_000) {
  const seen = { made: 0, isOver: false };
  async function* events(): AsyncGenerator<StreamEvent> {
    try {
      for (; seen.made < count; seen.made += 1) {
        yield { id: String(seen.made), event: 'lifecycle', data: { text: 'x'.repeat(64 * 1024) } };
      }
    } finally {
      seen.isOver = true;
    }
  }
  const app = express().get('/', async (_req, res) => {
    const end = new AbortController();
    res.once('close', () => end.abort());
    await sendStream(res, { events: events(), heartbeatMs, recheck, end });
  });
  return { app, seen };
}

test('a reader that does not read is waited for: nothing is made that is not taken', async () => {
  const { app, seen } = streaming(2_000);
  const { url, stop } = await serve(app);
  const response = await listen(url);
  let last = -1;
  await until(() => {
    const rests = seen.made > 0 && seen.made === last;
    last = seen.made;
    return rests;
  });
  // What the sockets of both sides hold, which is some megabytes of 128, and more on some systems than on others.
  expect(seen.made).toBeLessThan(1_000);
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) bytes += chunk.length;
  expect(bytes).toBeGreaterThan(2_000 * 64 * 1024);
  expect(seen).toEqual({ made: 2_000, isOver: true });
  await stop();
});

test('a reader that leaves ends the stream, and one that reads nothing at all is dropped', async () => {
  for (const leave of [(response: IncomingMessage) => void response.destroy(), () => {}]) {
    const { app, seen } = streaming(1e9, undefined, 20);
    const { url, stop } = await serve(app);
    leave(await listen(url));
    await until(() => seen.isOver);
    await stop();
  }
});

test('who may listen no longer is told so, and nothing else', async () => {
  const { app } = streaming(10, async () => {
    throw new EngineError('authentication_failed', 'the key is revoked');
  });
  const { url, stop } = await serve(app);
  const text = await (await fetch(url)).text();
  expect(text).toBe(
    'retry: 1000\n\nevent: end\ndata: {"code":"authentication_failed","message":"the key is revoked"}\n\n',
  );
  await stop();
});

test('a hundred streams of a plane cost the looks of one', async () => {
  let looks = 0;
  const look = async () => {
    looks += 1;
    const at = BigInt(looks);
    return {
      isPurged: false,
      mark: String(looks),
      events: [],
      next: { xact: at, ordinal: 0n },
      hasMore: false,
    };
  };
  const progress = async () => ({ looks }) as never;
  const feed = createPlaneFeed({ look, progress }, { pollMs: 1, onError: (error) => fail(error) });
  const listeners = Array.from({ length: 100 }, async () => {
    const end = new AbortController();
    let revision = 0;
    while (revision < 5) ({ revision } = await feed.next(revision, end.signal));
  });
  await Promise.all(listeners);
  feed.stop();
  expect(looks).toBeLessThan(30);
});

function fail(error: unknown): never {
  throw error;
}

test('streams are counted by key and by tenant, and none begins while the process stops', () => {
  const streams = createStreams({ perKeyMax: 1, perTenantMax: 2 });
  const take = (id: string) => streams.take({ actor: { id, type: 'machine' }, tenantId: 't' });
  const release = take('a');
  expect(() => take('a')).toThrow('this key has 1');
  take('b');
  expect(() => take('c')).toThrow('this tenant has 2');
  release();
  take('c');
  streams.stop();
  expect(() => take('d')).toThrow('stopping');
});

test.each([
  [5, 5, undefined, 0],
  [5, 4, 50, 30],
  [5, 1, 99.9, 99],
  [5, 1, 250, 99],
  [5, 0, undefined, 100],
])('of %i stages %i open, the current one at %p: %i', (total, open, percentage, expected) => {
  expect(overallPercentage(total, open, percentage === undefined ? undefined : { percentage })).toBe(expected);
});
