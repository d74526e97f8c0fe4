import { EngineError } from '../../../../contracts/errors';

/** Why a request brought nothing, by what follows from it; the message is for the operator of the plane. */
export class HttpProblem extends Error {
  constructor(
    /** `unavailable` may pass; asking again does not help with the others. */
    readonly code: 'unavailable' | 'not_allowed' | 'too_large' | 'malformed',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'HttpProblem';
  }
}

/** What a failed exchange means. A reason to stop the work is thrown as it is. */
export function problemOf(error: unknown, { url, signal }: { url: URL; signal: AbortSignal }): HttpProblem {
  if (signal.aborted) throw signal.reason;
  if (error instanceof HttpProblem) return error;
  if (error instanceof EngineError) {
    const code = error.code === 'policy_violation' ? 'not_allowed' : 'unavailable';
    return new HttpProblem(code, error.message, { cause: error });
  }
  return new HttpProblem('unavailable', `${url.host} did not answer as it should: ${wordOf(error)}`, { cause: error });
}

const words: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'no headers in time',
  UND_ERR_BODY_TIMEOUT: 'the body stopped coming',
  UND_ERR_HEADERS_OVERFLOW: 'its headers are too large',
  UND_ERR_SOCKET: 'the connection broke off',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection broke off',
};

function wordOf(error: unknown): string {
  const { name, code } = error as { name?: string; code?: string };
  if (name === 'TimeoutError') return 'it took too long';
  if (name === 'HTTPParserError') return 'it does not speak HTTP';
  return words[code ?? ''] ?? 'the connection failed';
}
