import { emptyEdge, rootOf, type TreeEdge } from '../../evidence/merkle/edge';
import { createNodeReader } from '../../evidence/merkle/stored-nodes';
import { perfectNodes } from '../../evidence/merkle/subtrees';
import { sql } from 'kysely';
import type { Database } from '../transaction/database';

const hashBytes = 32;

/** An edge as its row holds it: the hashes one after the other. */
export function edgeFrom(size: number, bytes: Buffer): TreeEdge {
  if (size === 0 && bytes.length === 0) return emptyEdge;
  return { size, hashes: splitHashes(bytes) };
}

export function splitHashes(bytes: Buffer): Buffer[] {
  const count = Math.floor(bytes.length / hashBytes);
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * hashBytes, (at + 1) * hashBytes));
}

export function sameRoot(one: TreeEdge, other: TreeEdge): boolean {
  return one.size === other.size && rootOf(one).equals(rootOf(other));
}

/** The edge that tiles and leaves give for a tree of this size. Rejects with RangeError when some are missing. */
export async function storedEdge(tx: Database, tenantId: string, size: number): Promise<TreeEdge> {
  const readNode = createNodeReader({
    async tile(level, index) {
      const { rows } = await sql<{ hashes: Buffer }>`select hashes from audit_tiles
        where tenant_id = ${tenantId} and level = ${level} and tile_index = ${index}`.execute(tx);
      return rows[0]?.hashes;
    },
    async tileRoots(level, first, count) {
      const { rows } = await sql<{
        hash: Buffer;
      }>`select root_hash as hash from audit_tiles where tenant_id = ${tenantId}
        and level = ${level} and tile_index >= ${first} and tile_index < ${first + count} order by tile_index`.execute(
        tx,
      );
      return rows.map(({ hash }) => hash);
    },
    async leafHashes(first, count) {
      const { rows } = await sql<{ hash: Buffer }>`select leaf_hash as hash from audit_leaves
        where tenant_id = ${tenantId} and tenant_sequence >= ${first} and tenant_sequence < ${first + count}
        order by tenant_sequence`.execute(tx);
      return rows.map(({ hash }) => hash);
    },
  });
  const hashes: Buffer[] = [];
  for (const [level, index] of perfectNodes(0, size)) hashes.push(await readNode(level, index));
  return { size, hashes };
}
