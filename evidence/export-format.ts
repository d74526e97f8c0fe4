import { z } from 'zod';

export const exportFormat = 'aos.evidence';
export const exportFormatVersion = 1;

const Count = z.int().min(0);
const HexHash = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in 64 hex digits');

/** Which events were asked for. A period is half open, in the time of the event. */
export const Selection = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('all') }),
  z.strictObject({ type: z.literal('run'), run_id: z.string() }),
  z.strictObject({ type: z.literal('plane'), plane_id: z.string() }),
  z.strictObject({ type: z.literal('period'), from: z.string().nullable(), to: z.string().nullable() }),
]);
export type Selection = z.infer<typeof Selection>;

/** What the file says of itself, before its events. */
export const ExportHeader = z.strictObject({
  format: z.literal(exportFormat),
  format_version: z.literal(exportFormatVersion),
  export_id: z.string(),
  tenant_id: z.string(),
  created_at: z.string(),
  selection: Selection,
  /** A range claims to be whole: every leaf from `from` up to, and without, `to`. */
  coverage: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('range'), from: Count, to: Count }),
    z.strictObject({ type: z.literal('selected') }),
  ]),
  /** The tree that all events are shown to lie in. */
  tree: z.strictObject({ size: Count, root: HexHash }),
  /** Why events that had been committed are not in the tree: the store refused to seal further. */
  unsealed: z.strictObject({ events: Count, reason: z.string() }).nullable(),
  /** Every key that ever signed, oldest first, each with the note by which it, and the key before it, said so. */
  public_keys: z.array(z.strictObject({ verifier: z.string(), record: z.string() })),
  /** Signed notes, the smallest tree first; the last is that of `tree`. */
  checkpoints: z.array(z.string()),
  /** Proofs that the tree begins with a smaller one (RFC 6962 §2.1.2). */
  consistency: z.array(z.strictObject({ size: Count, proof: z.array(HexHash) })),
});
export type ExportHeader = z.infer<typeof ExportHeader>;

export const ExportEvent = z.strictObject({
  /** Of the leaf, from 0. */
  index: Count,
  event_id: z.string(),
  integrity_hash: HexHash,
  /** The integrity hash of the leaf before this one; null for the first. */
  previous_hash: HexHash.nullable(),
  leaf_hash: HexHash,
  /** Base64 of exactly the bytes that are hashed; null when the store has them no longer. */
  bytes: z.string().nullable(),
  /** What the columns of the row say, where that is not what the bytes say. */
  columns: z.record(z.string(), z.unknown()).optional(),
  /** Hashes of the perfect subtrees between the event before and this one, left to right. */
  before: z.array(HexHash).optional(),
});
export type ExportEvent = z.infer<typeof ExportEvent>;

export const ExportEnd = z.strictObject({
  events: Count,
  /** Hashes of the perfect subtrees behind the last event. */
  after: z.array(HexHash),
});
export type ExportEnd = z.infer<typeof ExportEnd>;
