import { z } from 'zod';
import { auditCategories, auditOutcomes } from '../audit';
import { identifier } from '../text';
import { Moment, PageQuery, Time } from './common';

export const EventTypeName = z
  .string()
  .max(64)
  .regex(/^[A-Za-z][A-Za-z0-9_.]*$/, 'letters, digits, _ and . only');

// Ids of actors may hold more than our own do, as in `operator/temporal`.
const ActorId = z
  .string()
  .max(128)
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.:@/-]*$/, 'letters, digits, _ . : @ / - only');

export const AuditQuery = PageQuery.extend({
  event_type: EventTypeName.optional(),
  category: z.enum(auditCategories).optional(),
  outcome: z.enum(auditOutcomes).optional(),
  plane_id: identifier.optional(),
  job_id: identifier.optional(),
  run_id: identifier.optional(),
  request_id: identifier.optional(),
  actor_id: ActorId.optional(),
  since: Moment.optional(),
  until: Moment.optional(),
  include: z.literal('payload').optional(),
});
export type AuditQuery = z.infer<typeof AuditQuery>;

export const AuditEventView = z.strictObject({
  event_id: z.string(),
  event_type: z.string(),
  category: z.string(),
  severity: z.string(),
  outcome: z.string(),
  action: z.string(),
  actor_id: z.string().nullable(),
  actor_type: z.string(),
  request_id: z.string().nullable(),
  trace_id: z.string().nullable(),
  run_id: z.string().nullable(),
  step_index: z.int().nullable(),
  plane_id: z.string().nullable(),
  job_id: z.string().nullable(),
  resource_type: z.string().nullable(),
  resource_id: z.string().nullable(),
  policy_id: z.string().nullable(),
  policy_snapshot_id: z.string().nullable(),
  error_code: z.string().nullable(),
  error_message: z.string().nullable(),
  occurred_at: Time,
  recorded_at: Time,
  integrity_hash: z.string(),
  /** With `include=payload`: base64 of exactly the bytes that integrity_hash covers; null once retention removed them. */
  payload_bytes: z.base64().nullable().optional(),
});
export type AuditEventView = z.infer<typeof AuditEventView>;
