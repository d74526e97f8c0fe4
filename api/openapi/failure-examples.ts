import { EngineError, errorRules, type ErrorCode } from '../../contracts/errors';
import type { JsonSchema } from './schemas';

const codes = Object.keys(errorRules) as ErrorCode[];

/** One failure of each code, in the envelope that it comes in. */
export const failureExamples: JsonSchema = Object.fromEntries(codes.map((code) => [code, { value: toExample(code) }]));

function toExample(code: ErrorCode): JsonSchema {
  const { message, retryAfterSeconds } = new EngineError(code, 'what happened, and what to do next');
  return {
    success: false,
    error: {
      category: errorRules[code].category,
      code,
      message,
      ...(retryAfterSeconds !== undefined && { retry_after_seconds: retryAfterSeconds }),
    },
    meta: { request_id: 'req-0123456789ab', timestamp: '2026-01-31T12:00:00.000Z' },
  };
}
