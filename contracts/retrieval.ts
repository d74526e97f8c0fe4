import { z } from 'zod';
import { DocumentId, PlaneId, Sha256, SourceId } from './knowledge-schemas';
import { identifier, text } from './text';

export const retrievalActions = ['query', 'retrieve', 'search', 'list'] as const;
export type RetrievalAction = (typeof retrievalActions)[number];

/** Payload members that ask to go round the mediator; each is a governance violation. */
export const forbiddenPayloadMembers = [
  'direct_connector',
  'connector_url',
  'bypass_mediator',
  'raw_connection',
] as const;

export const topKMax = 100;
export const responseTokensMax = 10_000;

const SearchPayload = z.strictObject({
  query: text(4000),
  top_k: z.int().min(1).max(topKMax).default(10),
  filters: z
    .strictObject({ source_id: SourceId.optional(), document_id: z.array(DocumentId).min(1).max(1000).optional() })
    .optional(),
});
const RetrievePayload = z.union([
  z.strictObject({ chunk_ids: z.array(Sha256).min(1).max(topKMax) }),
  z.strictObject({ document_ids: z.array(DocumentId).min(1).max(topKMax) }),
]);
const ListPayload = z.strictObject({
  limit: z.int().min(1).max(1000).default(100),
  cursor: text(512).optional(),
});

export const retrievalPayloads = {
  query: SearchPayload,
  search: SearchPayload,
  retrieve: RetrievePayload,
  list: ListPayload,
} as const satisfies Record<RetrievalAction, z.ZodType>;

export type SearchPayload = z.infer<typeof SearchPayload>;
export type RetrievePayload = z.infer<typeof RetrievePayload>;
export type ListPayload = z.infer<typeof ListPayload>;

// More than any payload needs; the hash of a payload is made by descending into it.
const payloadDepthMax = 8;

/** A payload of any action, before it is known which schema it must fit. */
export const AnyPayload = z
  .record(z.string().max(128), z.unknown())
  .refine((payload) => isShallow(payload, payloadDepthMax), `more than ${payloadDepthMax} levels deep`);

function isShallow(value: unknown, depthMax: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depthMax > 0 && Object.values(value).every((member) => isShallow(member, depthMax - 1));
}

export const RetrievalRequest = z.strictObject({
  plane_id: PlaneId,
  action: z.enum(retrievalActions),
  payload: AnyPayload,
  run_id: identifier.optional(),
});
export type RetrievalRequest = z.infer<typeof RetrievalRequest>;

export const RetrievalHit = z.strictObject({
  document_id: z.string(),
  chunk_id: z.string(),
  text: z.string(),
  score: z.number(),
  start: z.int(),
  end: z.int(),
  source: z.strictObject({ source_id: z.string(), name: z.string(), document: z.string() }),
});
export type RetrievalHit = z.infer<typeof RetrievalHit>;
