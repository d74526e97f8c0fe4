import { createParser } from 'eventsource-parser';
import type { ApiClient, Row } from './api-client';
import { ApiFailure } from './failures';

/** One server-sent event, its data read. */
export interface ApiEvent {
  readonly id?: string;
  readonly event: string;
  readonly data: Row;
}

interface Following {
  readonly path: string;
  /** Ends the following. */
  readonly signal: AbortSignal;
  sleep(ms: number): Promise<void>;
}

const pauseMs = 1_000;
const lostMax = 20;

/** The events of a stream, over as many connections as it takes; each goes on behind the last event of the one before. */
export async function* followEvents(api: ApiClient, { path, signal, sleep }: Following): AsyncGenerator<ApiEvent> {
  let lastEventId: string | undefined;
  let lost = 0;
  for (;;) {
    try {
      for await (const event of readEvents(api.stream(path, { lastEventId, signal }))) {
        lost = 0;
        lastEventId = event.id ?? lastEventId;
        yield event;
      }
      lost += 1;
    } catch (error) {
      signal.throwIfAborted();
      lost += 1;
      if (!isPassing(error) || lost > lostMax) throw error;
    }
    if (lost > lostMax) throw new ApiFailure(endsAtOnce);
    await sleep(pauseMs);
    signal.throwIfAborted();
  }
}

const endsAtOnce = {
  category: 'transient',
  code: 'service_unavailable',
  message: 'the stream of events ends again and again before it says anything',
} as const;

async function* readEvents(chunks: AsyncIterable<string>): AsyncGenerator<ApiEvent> {
  const ready: ApiEvent[] = [];
  const parser = createParser({
    onEvent: ({ id, event = 'message', data }) =>
      void ready.push({ ...(id !== undefined && { id }), event, data: JSON.parse(data) as Row }),
  });
  for await (const chunk of chunks) {
    parser.feed(chunk);
    yield* ready.splice(0);
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof ApiFailure && error.error.category === 'transient';
}
