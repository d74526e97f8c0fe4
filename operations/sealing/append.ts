import { sql } from 'kysely';
import { nodeInTile } from '../../evidence/merkle/tiles';
import { originOf } from '../../evidence/checkpoint';
import { appendLeaves, rootOf, type TreeEdge } from '../../evidence/merkle/edge';
import { checkpointText, signNote, splitNote } from '../../evidence/note';
import { newId } from '../ids';
import type { Database } from '../transaction/database';
import type { SigningKey } from './signing-key';
import { TreeMismatch } from './tree-mismatch';
import { splitHashes } from './tree-of';

/** A tile that has become full: 256 nodes of tree level 8 × level. */
export interface FullTile {
  readonly tenantId: string;
  readonly level: number;
  readonly index: number;
  readonly root: Buffer;
}

export interface GrownTree {
  readonly tenantId: string;
  readonly before: TreeEdge;
  readonly after: TreeEdge;
  readonly tiles: readonly FullTile[];
}

/** The tree with the leaf hashes (32 bytes each, one after the other) appended. */
export function grow(tenantId: string, before: TreeEdge, leafHashes: Buffer): GrownTree {
  const tiles: FullTile[] = [];
  const after = appendLeaves(before, splitHashes(leafHashes), (level, index, root) => {
    if (level > 0 && level % 8 === 0) tiles.push({ tenantId, level: level / 8 - 1, index, root });
  });
  return { tenantId, before, after, tiles };
}

export interface SignedCheckpoint {
  readonly checkpointId: string;
  readonly tenantId: string;
  readonly size: number;
  readonly root: Buffer;
  readonly previousRoot: Buffer | null;
  readonly signature: Buffer;
  readonly note: string;
}

export interface TreeName {
  readonly installationId: string;
  readonly epoch: number;
}

/** Signs the state of the tree; extension lines say what else belongs to it (C2SP tlog-checkpoint). */
export function signCheckpoint(
  { tenantId, before, after }: Pick<GrownTree, 'tenantId' | 'before' | 'after'>,
  { installationId, epoch }: TreeName,
  key: SigningKey,
  extension = '',
): SignedCheckpoint {
  const root = rootOf(after);
  const text = checkpointText({ origin: originOf(installationId, tenantId, epoch), size: after.size, root });
  const note = signNote(`${text}${extension}`, key);
  return {
    checkpointId: newId('cp_', 12),
    tenantId,
    size: after.size,
    root,
    previousRoot: before.size === 0 ? null : rootOf(before),
    signature: splitNote(note).signatures[0]?.signature ?? Buffer.alloc(0),
    note,
  };
}

/** Writes the tiles; their hashes come from the rows below them, and must give the root that the tree has. */
export async function writeTiles(tx: Database, tiles: readonly FullTile[], epoch: number): Promise<void> {
  const levels = [...new Set(tiles.map(({ level }) => level))].sort((one, other) => one - other);
  for (const level of levels) {
    const own = tiles.filter((tile) => tile.level === level);
    const hashes =
      level === 0
        ? sql`select string_agg(l.leaf_hash, ''::bytea order by l.tenant_sequence) from audit_leaves l
            where l.tenant_id = t.tenant_id and l.tenant_sequence >= t.index * 256 and l.tenant_sequence < t.index * 256 + 256`
        : sql`select string_agg(b.root_hash, ''::bytea order by b.tile_index) from audit_tiles b
            where b.tenant_id = t.tenant_id and b.level = ${level - 1}
              and b.tile_index >= t.index * 256 and b.tile_index < t.index * 256 + 256`;
    const { rows } = await sql<{ tenant_id: string; tile_index: string; hashes: Buffer; root_hash: Buffer }>`
      insert into audit_tiles (tenant_id, level, tile_index, epoch, hashes, root_hash)
      select t.tenant_id, ${level}, t.index, ${epoch}, (${hashes}), t.root
      from unnest(${own.map(({ tenantId }) => tenantId)}::text[], ${own.map(({ index }) => index)}::bigint[],
        ${own.map(({ root }) => root)}::bytea[]) as t (tenant_id, index, root)
      returning tenant_id, tile_index, hashes, root_hash`.execute(tx);
    for (const row of rows) {
      if (!nodeInTile(row.hashes, { first: 0, count: 256 }).equals(row.root_hash)) {
        throw new TreeMismatch(row.tenant_id, `tile ${level}/${row.tile_index} is not that of its leaves`);
      }
    }
  }
}

export interface CheckpointBatch {
  readonly checkpoints: readonly SignedCheckpoint[];
  readonly epoch: number;
  readonly batchId: string;
  readonly keyId: string;
}

export function insertCheckpoints({ checkpoints, epoch, batchId, keyId }: CheckpointBatch) {
  const column = <K extends keyof SignedCheckpoint>(name: K) => checkpoints.map((each) => each[name]);
  return sql`insert into audit_checkpoints (checkpoint_id, tenant_id, epoch, tree_size, root_hash, previous_checkpoint_id,
      previous_root_hash, batch_id, key_id, signature, note)
    select c.id, c.tenant_id, ${epoch}::int, c.size, c.root,
      (select p.checkpoint_id from audit_checkpoints p where p.tenant_id = c.tenant_id
        order by p.epoch desc, p.tree_size desc limit 1),
      c.previous_root, ${batchId}, ${keyId}, c.signature, c.note
    from unnest(${column('checkpointId')}::text[], ${column('tenantId')}::text[], ${column('size')}::bigint[],
      ${column('root')}::bytea[], ${column('previousRoot')}::bytea[], ${column('signature')}::bytea[],
      ${column('note')}::text[]) as c (id, tenant_id, size, root, previous_root, signature, note)`;
}
