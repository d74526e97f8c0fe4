import { createHash } from 'node:crypto';
import type { Finder, Material } from '../check';

const hashBytes = 32;

/** Proofs are made from tiles, so these must hold what the leaves say, level by level. */
export async function tiles(material: Material, look: Finder): Promise<void> {
  await look.rows(material, {
    rule: 'tile-is-not-its-leaves',
    of: 'audit_tiles',
    query: `select t.tenant_id, t.level, t.tile_index::text as tile_index from audit_tiles t
      where t.hashes is distinct from case when t.level = 0 then
        (select string_agg(l.leaf_hash, ''::bytea order by l.tenant_sequence) from audit_leaves l
          where l.tenant_id = t.tenant_id and l.tenant_sequence >= t.tile_index * 256
            and l.tenant_sequence < t.tile_index * 256 + 256)
        else (select string_agg(b.root_hash, ''::bytea order by b.tile_index) from audit_tiles b
          where b.tenant_id = t.tenant_id and b.level = t.level - 1 and b.tile_index >= t.tile_index * 256
            and b.tile_index < t.tile_index * 256 + 256) end`,
  });
  const { rows } = await material.sql.query<{
    tenant_id: string;
    level: number;
    index: string;
    hashes: Buffer;
    root: Buffer;
  }>(`select tenant_id, level, tile_index::text as index, hashes, root_hash as root from audit_tiles`);
  for (const { tenant_id, level, index, hashes, root } of rows) {
    if (!rootOf(hashes).equals(root)) look.found('tile-root-changed', { tenant_id, level, tile_index: index });
  }
}

// Full tiles only: the number of hashes is a power of two.
function rootOf(hashes: Buffer): Buffer {
  if (hashes.byteLength <= hashBytes) return hashes;
  const half = hashes.byteLength / 2;
  return createHash('sha256')
    .update(Buffer.of(1))
    .update(rootOf(hashes.subarray(0, half)))
    .update(rootOf(hashes.subarray(half)))
    .digest();
}
