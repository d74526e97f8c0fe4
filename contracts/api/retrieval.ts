import { z } from 'zod';
import { RetrievalHit } from '../retrieval';
import { identifier } from '../text';
import { NullableTime, PageQuery, Time } from './common';

export const RetrievalData = z.strictObject({
  hits: z.array(RetrievalHit),
  evidence_id: z.string(),
  query_hash: z.string(),
  tokens_consumed: z.int(),
  policy_snapshot_id: z.string(),
  /** With the action `list`. */
  documents: z.array(z.unknown()).optional(),
  next_cursor: z.string().nullable().optional(),
});

export const EvidencePath = z.strictObject({ evidence_id: z.uuid() });
export const EvidenceQuery = PageQuery.extend({
  plane_id: identifier.optional(),
  run_id: identifier.optional(),
  decision: z.enum(['allowed', 'denied']).optional(),
});
export type EvidenceQuery = z.infer<typeof EvidenceQuery>;

/** What a retrieval was decided and answered with; the query only as its hash. */
export const EvidenceView = z.strictObject({
  evidence_id: z.string(),
  run_id: z.string(),
  plane_id: z.string(),
  connector_id: z.string().nullable(),
  connector_type: z.string().nullable(),
  action: z.string(),
  actor_id: z.string().nullable(),
  request_id: z.string().nullable(),
  query_hash: z.string(),
  response_hash: z.string().nullable(),
  doc_ids: z.array(z.string()),
  token_count: z.int(),
  bytes_retrieved: z.int(),
  decision: z.enum(['allowed', 'denied']),
  deny_reason: z.string().nullable(),
  policy_applied: z.string().nullable(),
  policy_snapshot_id: z.string().nullable(),
  redaction_applied: z.boolean(),
  duration_ms: z.int().nullable(),
  integrity_hash: z.string(),
  requested_at: Time,
  completed_at: NullableTime,
  created_at: Time,
});
export type EvidenceView = z.infer<typeof EvidenceView>;
