import { EngineError, type ErrorCode } from '../../../contracts/errors';

/**
 * How far a request came. `notSent`: no byte of it left. `answered`: the server refused it in so many words. `unknown`:
 * something may have been done, and nobody here can say.
 */
export type Reached = 'notSent' | 'answered' | 'unknown';

/** What went wrong, and the code under which it leaves the engine. */
const codes = {
  not_permitted: 'policy_violation',
  address_refused: 'policy_violation',
  cannot_connect: 'network_error',
  circuit_open: 'service_unavailable',
  pool_full: 'resource_busy',
  closed: 'service_unavailable',
  credential_unavailable: 'service_unavailable',
  unauthorized: 'authentication_failed',
  rate_limited: 'rate_limited',
  refused: 'invalid_configuration',
  server_error: 'service_unavailable',
  session_lost: 'temporary_failure',
  connection_lost: 'network_error',
  timeout: 'timeout',
  cancelled: 'temporary_failure',
  too_large: 'content_policy',
  malformed: 'network_error',
  error_answer: 'service_unavailable',
  invalid_arguments: 'invalid_input',
  not_supported: 'unsupported_operation',
  input_required: 'unsupported_operation',
} as const satisfies Record<string, ErrorCode>;

export type Problem = keyof typeof codes;

export interface Trouble {
  readonly problem: Problem;
  readonly message: string;
  readonly retryAfterSeconds?: number;
}

/** No cause: what a library or a server says of a request may repeat its secrets. */
export class UpstreamFailure extends EngineError {
  readonly problem: Problem;
  readonly reached: Reached;

  constructor(
    readonly trouble: Trouble,
    reached: Reached,
  ) {
    const { problem, message, retryAfterSeconds } = trouble;
    super(codes[problem], message, retryAfterSeconds === undefined ? {} : { retryAfterSeconds });
    this.name = 'UpstreamFailure';
    this.problem = problem;
    this.reached = reached;
  }
}

export function notSent(problem: Problem, message: string, retryAfterSeconds?: number): UpstreamFailure {
  const trouble = { problem, message, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
  return new UpstreamFailure(trouble, 'notSent');
}
