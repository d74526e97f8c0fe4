import { TransformStream } from 'node:stream/web';
import { Response } from 'undici';
import { createEventMeter, createRateMeter, createTotalMeter, type ByteMeter } from '../byte-meters';
import type { Trouble } from '../failures';
import type { UpstreamLimits } from '../limits';

export interface BoundBodyOptions {
  readonly limits: UpstreamLimits;
  readonly now: () => number;
  readonly onTooMuch: (trouble: Trouble) => void;
  readonly onStream: () => void;
}

/** The same response, whose body ends with an error where it becomes too large; it is decompressed already. */
export function boundBody(response: Response, { limits, now, onTooMuch, onStream }: BoundBodyOptions): Response {
  if (response.body === null) return response;
  // What comes with an error is read to its end, whatever it calls itself.
  const isStream = response.ok && isEventStream(response.headers.get('content-type'));
  if (isStream) onStream();
  if (!isStream && isKnownToBeSmall(response, limits.messageBytes)) return response;
  const meters = isStream
    ? [createEventMeter(limits.messageBytes), createRateMeter(limits.bytesPerMinute, now)]
    : [createTotalMeter(limits.messageBytes)];
  const headers = Object.fromEntries(response.headers);
  delete headers['content-encoding'];
  delete headers['content-length'];
  const { status, statusText } = response;
  return new Response(response.body.pipeThrough(metered(meters, onTooMuch)), { status, statusText, headers });
}

function metered(meters: readonly ByteMeter[], onTooMuch: BoundBodyOptions['onTooMuch']) {
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      try {
        meters.forEach((meter) => meter.take(chunk));
      } catch (error) {
        onTooMuch({ problem: 'too_large', message: `The server sent ${(error as Error).message}.` });
        throw error;
      }
      controller.enqueue(chunk);
    },
  });
}

// The parser of HTTP takes no byte more than was declared; what is compressed grows behind it.
function isKnownToBeSmall({ headers }: Response, bytesMax: number): boolean {
  const declared = headers.get('content-length');
  return declared !== null && Number(declared) <= bytesMax && !headers.has('content-encoding');
}

function isEventStream(contentType: string | null): boolean {
  return contentType?.split(';')[0]?.trim().toLowerCase() === 'text/event-stream';
}
