import { z } from 'zod';

/** Members of `_meta` in which gateway and agent say what MCP has no word for. */
export const gatewayMeta = {
  /** The caller's name for a call: the same again is the same call. */
  key: 'io.aos/idempotency-key',
  invocation: 'io.aos/invocation-id',
  /** As in a call's view: an outcome, or how far it has come. */
  outcome: 'io.aos/outcome',
  /** Why a call did not succeed: a code or reason of the closed tables. */
  reason: 'io.aos/reason',
  approval: 'io.aos/approval-id',
  evidence: 'io.aos/evidence-id',
} as const;

export const CallKey = z.string().regex(/^[\x21-\x7e]{1,255}$/, 'takes 1 to 255 visible ASCII characters');

/** What the gateway hands out in a request state and gets back. Signed, not secret. */
export const WaitingCall = z.strictObject({ key: CallKey, invocationId: z.string() });
export type WaitingCall = z.infer<typeof WaitingCall>;
