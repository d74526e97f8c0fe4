import { z } from 'zod';
import { identifier } from '../text';
import { Time } from './common';

// RFC 6962 has no proofs of the empty tree.
const TreeSize = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
const HexHash = z.string();

export const CheckpointView = z.strictObject({
  /** The signed note: keep it outside, and later exports can be checked against it. */
  note: z.string(),
  origin: z.string(),
  epoch: z.int(),
  tree_size: z.int(),
  root_hash: HexHash,
  key_id: z.string(),
  /** Keys that ever signed, oldest first, in the form `name+id+base64`. */
  public_keys: z.array(z.string()),
  created_at: Time,
});
export type CheckpointView = z.infer<typeof CheckpointView>;

/** Without an event: the newest one of the tree. */
export const InclusionQuery = z.strictObject({ event_id: identifier.optional(), tree_size: TreeSize.optional() });
export const InclusionView = z.strictObject({
  event_id: z.string(),
  leaf_index: z.int(),
  leaf_hash: HexHash,
  integrity_hash: HexHash,
  tree_size: z.int(),
  root_hash: HexHash,
  /** Audit path of RFC 6962 §2.1.1, lowest node first, in hex. */
  proof: z.array(HexHash),
  /** The signed note of exactly this tree; null when none was made at this size. */
  checkpoint: z.string().nullable(),
});

export const ConsistencyQuery = z.strictObject({ from: TreeSize.default(1), to: TreeSize.optional() });
export const ConsistencyView = z.strictObject({
  from: z.int(),
  to: z.int(),
  from_root: HexHash,
  to_root: HexHash,
  /** Proof of RFC 6962 §2.1.2, in hex. */
  proof: z.array(HexHash),
  checkpoint: z.string().nullable(),
});
