import { ProtocolErrorCode, SdkError, SdkErrorCode, SdkHttpError } from '@modelcontextprotocol/client';
import { EngineError } from '../../../contracts/errors';
import type { Exchange } from './exchange';
import { type Problem, type Reached, type Trouble, UpstreamFailure } from './failures';
import { strangersWords } from './strangers-words';

type Seen = Pick<Exchange, 'answer' | 'isDispatched' | 'secrets' | 'trouble'>;

/** What a failed exchange means, from what was seen of it; errors of libraries only say what nobody saw. */
export function classify(error: unknown, exchange: Seen, lost: Trouble | undefined): UpstreamFailure {
  if (error instanceof UpstreamFailure) return error;
  if (exchange.answer?.error !== undefined) return new UpstreamFailure(errorAnswer(exchange), 'answered');
  const reached: Reached = exchange.isDispatched ? 'unknown' : 'notSent';
  if (exchange.trouble !== undefined) return new UpstreamFailure(exchange.trouble, reached);
  const status = statusOf(error);
  if (status !== undefined) return new UpstreamFailure(ofStatus(status), isRefusal(status) ? 'answered' : reached);
  if (lost !== undefined) return new UpstreamFailure(lost, reached);
  return new UpstreamFailure(exchange.isDispatched ? ofBrokenAnswer(error) : ofNoConnection(error), reached);
}

function errorAnswer({ answer, secrets }: Seen): Trouble {
  const code = Number(answer?.error?.code);
  const message = `The server answered with an error: ${strangersWords(answer?.error?.message, secrets) || code}`;
  return { problem: problemOfCode(code), message };
}

function problemOfCode(code: number): Problem {
  if (wrongParams.includes(code)) return 'invalid_arguments';
  return code === (ProtocolErrorCode.MethodNotFound as number) ? 'not_supported' : 'error_answer';
}

// Older revisions have a code of their own for a resource that is not there.
const wrongParams: readonly number[] = [ProtocolErrorCode.InvalidParams, ProtocolErrorCode.ResourceNotFound];

/** An HTTP status that a transport of the SDK reports, whichever of its errors it uses. */
function statusOf(error: unknown): number | undefined {
  if (error instanceof SdkHttpError) return error.status;
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'number' && code >= 300 && code < 600) return code;
  const found =
    typeof message === 'string' ? /^Error POSTing to endpoint \(HTTP (\d{3})\)/.exec(message)?.[1] : undefined;
  return found === undefined ? undefined : Number(found);
}

// 408 speaks of a request that came in part, and gateways answer 5xx for servers that went on working.
function isRefusal(status: number): boolean {
  return status < 500 && status !== 408;
}

function ofStatus(status: number): Trouble {
  if (status === 401 || status === 403) {
    return { problem: 'unauthorized', message: `The server answered ${status}: check its credential.` };
  }
  if (status === 404) {
    return { problem: 'session_lost', message: 'The server answered 404: nothing is there, or it forgot the session.' };
  }
  if (status === 429) return { problem: 'rate_limited', message: 'The server answered 429.' };
  if (status >= 500 || status === 408) return { problem: 'server_error', message: `The server answered ${status}.` };
  const redirects = status < 400 ? ' and its redirect was not followed' : '';
  return { problem: 'refused', message: `The server answered ${status}${redirects}: check its address.` };
}

function ofNoConnection(error: unknown): Trouble {
  const reason = engineErrorIn(error);
  if (reason?.code === 'policy_violation') return { problem: 'address_refused', message: reason.message };
  if (reason !== undefined) return { problem: 'cannot_connect', message: reason.message };
  return { problem: 'cannot_connect', message: 'The server cannot be reached.' };
}

function ofBrokenAnswer(error: unknown): Trouble {
  if (error instanceof SdkError && error.code === SdkErrorCode.UnsupportedResultType) {
    return { problem: 'not_supported', message: 'The server answered with a kind of result that is not known.' };
  }
  const isLost = hasCause(error) || (error instanceof SdkError && error.code === SdkErrorCode.ConnectionClosed);
  return isLost
    ? { problem: 'connection_lost', message: 'The connection broke off before the server answered.' }
    : { problem: 'malformed', message: 'The server sent something that is not an answer of the protocol.' };
}

// What fetch throws for the network is a TypeError with the reason as its cause; what a parser throws has none.
function hasCause(error: unknown): boolean {
  return error instanceof TypeError && error.cause !== undefined;
}

/** The guard's own words, however often they were wrapped. */
function engineErrorIn(error: unknown): EngineError | undefined {
  let inner = error;
  for (let depth = 0; depth < 8 && inner instanceof Error; depth += 1) {
    if (inner instanceof EngineError) return inner;
    const wrapped: { cause?: unknown; data?: { cause?: unknown } } = inner as never;
    inner = wrapped.cause ?? wrapped.data?.cause;
  }
  return undefined;
}
