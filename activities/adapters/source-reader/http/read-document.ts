import { Readable } from 'node:stream';
import type { SourceAnswer, Validators } from '../port';
import { readAll, type Headers } from './exchange';
import { documentBytesMax } from './limits';
import { HttpProblem } from './problems';
import type { Visit } from './visit';

export interface DocumentRequest {
  readonly url: URL;
  readonly known: Validators | undefined;
  readonly signal: AbortSignal;
}

/** Asks for a document, conditionally where we hold a version that the far side has named. */
export async function readDocument(visit: Visit, { url, known, signal }: DocumentRequest): Promise<SourceAnswer> {
  const headers = conditionsOf(known);
  try {
    const {
      status,
      headers: got,
      body,
    } = await visit({ url, headers, bytesMax: documentBytesMax, signal, read: readAll });
    if (body !== null) {
      return {
        answer: 'content',
        content: Readable.from([body]),
        contentType: got['content-type'] ?? null,
        validators: validatorsOf(got),
      };
    }
    return answerOf(status, Object.keys(headers).length > 0);
  } catch (error) {
    if (!(error instanceof HttpProblem)) throw error;
    const { code, message: reason } = error;
    return code === 'unavailable' ? { answer: 'unavailable', reason } : { answer: 'refused', code, reason };
  }
}

// These statuses speak of the moment, not of the document.
const passing = new Set([408, 421, 423, 425, 429]);

function answerOf(status: number, wasConditional: boolean): SourceAnswer {
  const reason = `the server answered ${status}`;
  if (status === 304 && wasConditional) return { answer: 'unchanged' };
  if (status === 404 || status === 410) return { answer: 'gone', reason };
  if (status >= 500 || passing.has(status)) return { answer: 'unavailable', reason };
  if (status >= 400) return { answer: 'refused', code: 'refused', reason };
  if (status === 204 || status === 205) return { answer: 'refused', code: 'empty', reason };
  return { answer: 'refused', code: 'malformed', reason };
}

function conditionsOf(known: Validators | undefined): Record<string, string> {
  return {
    ...(known?.etag != null && { 'if-none-match': known.etag }),
    ...(known?.lastModified != null && { 'if-modified-since': known.lastModified }),
  };
}

/** What does not fit its column, or could not be sent back as a header, is not remembered. */
function validatorsOf(headers: Headers): Validators {
  return { etag: storable(headers['etag'], 512), lastModified: storable(headers['last-modified'], 64) };
}

function storable(value: string | undefined, lengthMax: number): string | null {
  return value !== undefined && value.length <= lengthMax && /^[\x20-\x7e]+$/.test(value) ? value : null;
}
