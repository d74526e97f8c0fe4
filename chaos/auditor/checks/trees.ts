import { createHash } from 'node:crypto';
import type { Finder, Material } from '../check';
import { readCheckpoint, type Checkpoint, type SigningKey } from '../notes';

const pageSize = 5_000;

interface LeafRow {
  readonly seq: string;
  readonly event_id: string;
  readonly integrity_hash: string;
  readonly previous_hash: string | null;
  readonly leaf_hash: Buffer;
  readonly event_hash: string | null;
  readonly event_leaf: Buffer | null;
}

interface StoredCheckpoint extends Checkpoint {
  readonly id: string;
  readonly tenantId: string;
}

/**
 * Builds each tenant's tree anew from the leaves and holds it against every checkpoint, in the database and outside. The
 * sizes at which there is a checkpoint are all met on the way, so nothing before the last of them can be changed.
 */
export async function trees(material: Material, look: Finder): Promise<void> {
  const { sql } = material;
  const keys = (await sql.query<SigningKey>('select name, public_key as "publicKey" from audit_signing_keys')).rows;
  const checkpoints = [...(await stored(material, look, keys)), ...outside(material, look, keys)];
  const { rows } = await sql.query<{ tenant_id: string; tree_size: number }>(
    `select t.tenant_id, coalesce(h.tree_size, 0)::float8 as tree_size from (select tenant_id from audit_leaves
      union select tenant_id from audit_tree_heads) t left join audit_tree_heads h using (tenant_id)`,
  );
  for (const { tenant_id: tenantId, tree_size: headSize } of rows) {
    await oneTree(material, look, {
      tenantId,
      headSize,
      checkpoints: checkpoints.filter((each) => each.tenantId === tenantId),
    });
  }
  for (const { id, tenantId } of checkpoints.filter((each) => rows.every((row) => row.tenant_id !== each.tenantId))) {
    look.found('tree-missing', { tenant_id: tenantId, checkpoint: id });
  }
  await look.rows(material, {
    rule: 'sealed-out-of-order',
    query: `select event_id, tenant_id from (select l.tenant_id, l.event_id, l.ordinal,
        lag(l.epoch) over w as epoch_before, l.epoch, e.xact_id, lag(e.xact_id) over w as xact_before,
        lag(l.ordinal) over w as ordinal_before
      from audit_leaves l join audit_events e using (event_id) window w as (partition by l.tenant_id order by l.tenant_sequence)) t
      where epoch = epoch_before and (xact_id, ordinal) < (xact_before, ordinal_before)
        and not exists (select from audit_sealing s where t.ordinal <= s.floor_ordinal)`,
  });
}

async function stored({ sql }: Material, look: Finder, keys: readonly SigningKey[]): Promise<StoredCheckpoint[]> {
  const { rows } = await sql.query<{ id: string; tenant_id: string; size: number; root: Buffer; note: string }>(
    `select checkpoint_id as id, tenant_id, tree_size::float8 as size, root_hash as root, note from audit_checkpoints`,
  );
  return rows.flatMap(({ id, tenant_id: tenantId, size, root, note }) => {
    const ids = { checkpoint_id: id, tenant_id: tenantId };
    const signed = readCheckpoint(note, keys);
    if (signed === undefined) {
      look.found('checkpoint-not-signed', ids);
      return [];
    }
    const isSame = signed.size === size && signed.root.equals(root) && signed.origin.split('/')[2] === tenantId;
    if (!isSame) look.found('checkpoint-changed', ids);
    return [{ ...signed, id, tenantId }];
  });
}

function outside({ notes }: Material, look: Finder, keys: readonly SigningKey[]): StoredCheckpoint[] {
  return notes.flatMap((note, index) => {
    const signed = readCheckpoint(note, keys);
    if (signed === undefined) look.found('outside-checkpoint-not-signed', { note: index });
    return signed === undefined
      ? []
      : [{ ...signed, id: `outside ${index}`, tenantId: signed.origin.split('/')[2] ?? '' }];
  });
}

interface Tree {
  readonly tenantId: string;
  readonly headSize: number;
  readonly checkpoints: readonly StoredCheckpoint[];
}

async function oneTree({ sql }: Material, look: Finder, { tenantId, headSize, checkpoints }: Tree): Promise<void> {
  const subtrees: Buffer[] = [];
  let size = 0;
  let previous: string | null = null;
  for (;;) {
    const { rows }: { rows: LeafRow[] } = await sql.query<LeafRow>(
      `select l.tenant_sequence::text as seq, l.event_id, l.integrity_hash, l.previous_hash, l.leaf_hash,
        e.integrity_hash as event_hash, e.leaf_hash as event_leaf
      from audit_leaves l left join audit_events e on e.event_id = l.event_id and e.tenant_id = l.tenant_id
      where l.tenant_id = $1 and l.tenant_sequence >= $2 order by l.tenant_sequence limit ${pageSize}`,
      [tenantId, size],
    );
    for (const leaf of rows) {
      look.examined += 1;
      const ids = { tenant_id: tenantId, event_id: leaf.event_id };
      if (leaf.event_hash === null) look.found('sealed-event-missing', ids);
      else if (leaf.event_hash !== leaf.integrity_hash) look.found('event-is-not-its-leaf', ids);
      else if (leaf.event_leaf?.equals(leaf.leaf_hash) !== true) look.found('event-is-not-its-leaf', ids);
      if (Number(leaf.seq) !== size) {
        look.found('leaf-missing', { tenant_id: tenantId, sequence: size });
        return;
      }
      if (leaf.previous_hash !== previous) look.found('leaf-chain-broken', ids);
      previous = leaf.integrity_hash;
      append(subtrees, size, leaf.leaf_hash);
      size += 1;
      for (const checkpoint of checkpoints.filter((each) => each.size === size)) {
        look.examined += 1;
        if (!rootOf(subtrees).equals(checkpoint.root)) {
          look.found('tree-is-not-its-checkpoint', { tenant_id: tenantId, checkpoint: checkpoint.id, size });
        }
      }
    }
    if (rows.length < pageSize) break;
  }
  for (const { id, size: signed } of checkpoints.filter((each) => each.size > size)) {
    look.found('tree-truncated', { tenant_id: tenantId, checkpoint: id, signed, leaves: size });
  }
  if (headSize !== size) look.found('head-is-not-its-leaves', { tenant_id: tenantId, head: headSize, leaves: size });
  if (size > 0 && !checkpoints.some((each) => each.size === size)) {
    look.found('leaves-without-checkpoint', { tenant_id: tenantId, leaves: size });
  }
}

// Binary counting: each trailing one bit of the size joins two subtrees of equal height.
function append(subtrees: Buffer[], size: number, leaf: Buffer): void {
  let node = leaf;
  for (let rest = size; rest % 2 === 1; rest = Math.floor(rest / 2)) node = join(subtrees.pop() as Buffer, node);
  subtrees.push(node);
}

function rootOf(subtrees: readonly Buffer[]): Buffer {
  return subtrees.slice(0, -1).reduceRight((right, left) => join(left, right), subtrees.at(-1) as Buffer);
}

/** Inner node of RFC 6962 §2.1. */
function join(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(Buffer.of(1)).update(left).update(right).digest();
}
