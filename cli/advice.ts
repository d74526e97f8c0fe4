import type { ApiFailure } from './failures';

const byReason: Readonly<Record<string, string>> = {
  POLICY_GATE_BLOCKED: 'bind an active policy: aos planes bind <plane> <policy>',
  POLICY_GATE_PENDING: 'a second person has to approve first',
  POLICY_DENIED: 'see what the active snapshot allows: aos policies snapshots',
  retrieval_blocked: 'see what the active snapshot allows: aos policies snapshots',
  SWITCH_ENGAGED: 'see which switch is on: aos switch list; release it with: aos switch off <scope> [id] --reason "…"',
  SERVER_NOT_FOUND: 'see the tool servers of this tenant: aos servers list',
  SERVER_NOT_ACTIVE: 'put it to use again: aos servers set <server> --enable, or --resume',
  TOOL_NOT_FOUND: 'see the tools of the server: aos servers tools <server>',
  TOOL_SERVER_MISMATCH: 'see the tools of the server: aos servers tools <server>',
  PLANE_NOT_FOUND: 'see the planes of this tenant: aos planes list',
  INVALID_ACTION: 'see the state and the next action: aos planes show <plane>',
  INVALID_TRANSITION: 'see the state and the next action: aos planes show <plane>',
  TERMINAL_STATE: 'this plane is at its end; register a new one',
  PLANE_FAILED: 'this plane is at its end; register a new one',
  TENANT_INACTIVE: 'ask the operator to reactivate this tenant',
  approval_denied: 'ask whoever denied it; what is asked again needs another --key',
  approval_expired: 'call again under another --key, and have it approved in time',
  tool_definition_changed: 'an administrator approves it: aos servers tools <server>, then aos servers approve',
  dangerous_tool_not_allowed: 'an administrator grants it: aos tools grant <server> <tool> --reason "…"',
  tool_disabled: 'an administrator enables it: aos tools set <server> <tool> --enable',
  server_offline: 'see how the server is: aos servers health <server>',
  in_progress: 'an identical request is still running; ask again with the same --idempotency-key',
  key_reused: 'this --idempotency-key was used for another request; leave the option out or choose another',
  name_taken: 'choose another name',
};

const byCode: Readonly<Record<string, string>> = {
  authentication_failed: 'check AOS_API_KEY, or the key that --tenant and --role choose; it may be revoked or expired',
  authorization_failed: 'use a key whose role allows this, for example --role admin (or operator for platform matters)',
  resource_not_found: 'check the id; ids of other tenants are not found either',
  invalid_state: 'look at the current state, then decide again',
  invalid_input: 'correct the named field and try again',
  unsupported_operation: 'this version does not offer it',
  conflict: 'look at the current state, then decide again',
  network_error: 'is it running? "npm start" starts everything; AOS_API_URL names another address',
  policy_violation: 'see the policies: aos policies list',
  action_blocked: 'see which switch is on: aos switch list',
  internal_error: 'look in the logs of the API for the request id',
};

/** One sentence that says what to do next, where there is one. */
export function adviceFor(failure: ApiFailure): string | undefined {
  const { code, reason, category, retry_after_seconds: seconds } = failure.error;
  const known = (reason === undefined ? undefined : byReason[reason]) ?? byCode[code];
  if (known !== undefined) return known;
  if (category !== 'transient') return undefined;
  return seconds === undefined ? 'try again in a moment' : `try again in ${seconds} s`;
}

/** For a write whose answer was lost or postponed: how to repeat it so that it happens once. */
export function repeatAdvice(failure: ApiFailure): string | undefined {
  const { idempotencyKey } = failure.context;
  if (failure.error.category !== 'transient' || idempotencyKey === undefined) return undefined;
  return `repeat it with --idempotency-key ${idempotencyKey} so that it takes effect once`;
}
