import { once } from 'node:events';
import type { Response } from 'express';
import { toEngineError } from '../middleware/failures';
import { logOf } from '../middleware/request-log';
import type { StreamEvent } from '../route';

interface Sending {
  readonly events: AsyncIterable<StreamEvent>;
  readonly heartbeatMs: number;
  /** Throws when whoever listens may do so no longer. */
  readonly recheck: () => Promise<void>;
  /** Ends the stream; aborted too when the client has gone. */
  readonly end: AbortController;
}

const retryMs = 1_000;
// A reader that has taken nothing for so many heartbeats is taken for dead.
const stalledHeartbeatsMax = 4;

/** Sends server-sent events as fast as they are read, and ends as told. */
export async function sendStream(res: Response, { events, heartbeatMs, recheck, end }: Sending): Promise<void> {
  openStream(res);
  res.write(`retry: ${retryMs}\n\n`);
  let stalled = 0;
  const heartbeat = setInterval(() => {
    stalled = res.writableNeedDrain ? stalled + 1 : 0;
    if (stalled >= stalledHeartbeatsMax) return res.destroy();
    if (!res.writableNeedDrain) res.write(': heartbeat\n\n');
    recheck().catch((error: unknown) => end.abort(error));
  }, heartbeatMs);
  try {
    for await (const event of events) {
      await recheck();
      if (!res.write(format(event))) await once(res, 'drain', { signal: end.signal });
      end.signal.throwIfAborted();
    }
  } catch (error) {
    sayWhy(res, end.signal.aborted ? end.signal.reason : error);
  } finally {
    clearInterval(heartbeat);
    res.end();
  }
}

export function openStream(res: Response): Response {
  res.status(200).set({ 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' });
  res.flushHeaders();
  return res;
}

// JSON holds no line break, so that one data line is enough.
function format({ id, event, data }: StreamEvent): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** A refusal is told; a stop, or a fault that passes, just ends the stream, and its client comes back. */
function sayWhy(res: Response, reason: unknown): void {
  if (res.destroyed || isAbort(reason)) return;
  const { code, message } = toEngineError(reason);
  if (code === 'internal_error') logOf(res).error({ err: reason }, 'stream failed');
  if (code === 'authentication_failed' || code === 'authorization_failed' || code === 'tenant_suspended') {
    res.write(format({ event: 'end', data: { code, message } }));
  }
}

function isAbort(reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'AbortError';
}
