import { createParser } from 'eventsource-parser';

export interface SeenEvent {
  readonly id: string | undefined;
  readonly event: string;
  // Tests read events of every shape.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly data: any;
}

export interface EventStream {
  readonly status: number;
  readonly headers: Headers;
  /** The answer of a request that was refused. */
  readonly refusal: unknown;
  readonly seen: SeenEvent[];
  /** Resolves when the other side, or `close`, has ended it. */
  readonly ended: Promise<void>;
  close(): void;
}

interface Opening {
  readonly url: string;
  readonly apiKey: string;
  readonly planeId: string;
  readonly lastEventId?: string | undefined;
  readonly query?: string;
  readonly onEvent?: (event: SeenEvent, close: () => void) => void;
}

/** Follows a plane as a user of one key would. */
export async function openEventStream(opening: Opening): Promise<EventStream> {
  const { url, apiKey, planeId, lastEventId, query = '', onEvent } = opening;
  const controller = new AbortController();
  const response = await fetch(`${url}/api/v1/lifecycle/${planeId}/events${query}`, {
    headers: {
      authorization: `Bearer ${apiKey}`,
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    },
    signal: controller.signal,
  });
  const { status, headers } = response;
  const seen: SeenEvent[] = [];
  const close = () => controller.abort();
  if (status !== 200) {
    return { status, headers, refusal: await response.json(), seen, ended: Promise.resolve(), close };
  }
  const parser = createParser({
    onEvent({ id, event = 'message', data }) {
      if (controller.signal.aborted) return;
      const each = { id, event, data: JSON.parse(data) as unknown };
      seen.push(each);
      onEvent?.(each, close);
    },
  });
  const ended = (async () => {
    const text = response.body?.pipeThrough(new TextDecoderStream());
    if (text === undefined) return;
    for await (const chunk of text) parser.feed(chunk);
  })().catch(() => {});
  return { status, headers, refusal: undefined, seen, ended, close };
}
