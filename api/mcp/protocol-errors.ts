import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import { errorRules, type EngineError } from '../../contracts/errors';
import { toEngineError } from '../middleware/failures';
import type { Session } from './session';

/** Where JSON-RPC has no word of its own. */
export const serverError = -32_000;

export function invalidParams(message: string): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, message);
}

/** MCP answers for a name that is none with an error of the protocol, not with a result of a tool. */
export function unknownTool(name: string): ProtocolError {
  return invalidParams(`Unknown tool: ${name.slice(0, 200)}`);
}

/** A refusal or a fault as an error of the protocol. Faults without a code of ours are logged, and say nothing of their inside. */
export function toProtocolError(
  error: unknown,
  { logger }: Pick<Session, 'logger'>,
  more: Readonly<Record<string, unknown>> = {},
): ProtocolError {
  if (error instanceof ProtocolError) return error;
  const failure = toEngineError(error);
  if (failure.code === 'internal_error') logger.error({ err: failure }, 'request failed');
  else if (errorRules[failure.code].category === 'transient') logger.warn({ err: failure }, 'request not served');
  const code = failure.code === 'invalid_input' ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError;
  return new ProtocolError(code, failure.message, { ...dataOf(failure), ...more });
}

/** What the envelope of the REST API says beside the message. */
export function dataOf({ code, reason, details, retryAfterSeconds }: EngineError): Record<string, unknown> {
  return {
    category: errorRules[code].category,
    code,
    ...(reason !== undefined && { reason }),
    ...(retryAfterSeconds !== undefined && { retry_after_seconds: retryAfterSeconds }),
    ...(details !== undefined && { details }),
  };
}
