import type { Response } from 'express';
import type { Caller } from '../services';
import type { Streams } from './streams';

/**
 * Holds a place among the caller's streams while the work goes on. The signal of its end comes when the client has gone and
 * when the API stops; the work may give it too, and it has come when the work is over.
 */
export async function holdStream(
  res: Response,
  { streams, caller }: { readonly streams: Streams; readonly caller: Pick<Caller, 'actor' | 'tenantId'> },
  work: (end: AbortController) => Promise<void>,
): Promise<void> {
  const release = streams.take(caller);
  const end = new AbortController();
  const stop = () => end.abort();
  res.once('close', stop);
  streams.stopping.addEventListener('abort', stop);
  try {
    await work(end);
  } finally {
    end.abort();
    streams.stopping.removeEventListener('abort', stop);
    release();
  }
}
