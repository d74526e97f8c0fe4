import { sql } from 'kysely';
import { rootOf, type TreeEdge } from '../../evidence/merkle/edge';
import { newId } from '../ids';
import { advisoryLocks } from '../transaction/advisory-locks';
import type { Database } from '../transaction/database';
import { grow, insertCheckpoints, signCheckpoint, writeTiles, type GrownTree } from './append';
import { checkTree } from './check-tree';
import type { SigningKey } from './signing-key';
import { TreeMismatch } from './tree-mismatch';
import { edgeFrom } from './tree-of';

export type SealingBarrier = 'seal.leaves-written' | 'seal.before-commit' | 'seal.committed';

export interface BatchInput {
  readonly db: Database;
  readonly key: SigningKey;
  readonly installationId: string;
  /** Events below this transaction id were found sealed; it counts until somebody sets it back. */
  readonly mark: string;
  readonly setBack: number;
  /** Events in one transaction at most, of all tenants together. */
  readonly batchMax: number;
  /** Roots, by tenant, that this process has checked or made: their trees need no second look. */
  readonly knownRoots: Map<string, string>;
  readonly reachBarrier: (name: SealingBarrier) => void;
}

export interface BatchResult {
  readonly sealed: number;
  /** From where the next look begins. */
  readonly mark: string;
}

interface TreeRow {
  readonly tenant_id: string;
  readonly epoch: number;
  readonly tree_size: number;
  readonly edge: Buffer;
  readonly head_hash: string | null;
  readonly leaf_before: string | null;
  readonly taken: number;
  readonly leaf_hashes: Buffer;
  readonly last_xact: string;
  readonly last_ordinal: string;
  readonly last_hash: string;
  readonly up_to: string;
}

/** Seals one batch in one transaction; undefined when another sealer is at work. Throws TreeMismatch. */
export async function sealBatch(input: BatchInput): Promise<BatchResult | undefined> {
  const { db, batchMax, knownRoots, reachBarrier } = input;
  const outcome = await db.transaction().execute(async (tx) => {
    if (!(await lockSealing(tx))) return undefined;
    const batchId = newId('sb_', 12);
    // A statement of its own after the lock: its snapshot shows what the sealer before has committed.
    const { rows } = await sql<TreeRow>`
      select * from aos_seal_leaves(${input.mark}::xid8, ${batchMax}, ${batchId})`.execute(tx);
    if (rows.length === 0) return { trees: [], sealed: 0, mark: input.mark };
    reachBarrier('seal.leaves-written');
    const trees: GrownTree[] = [];
    for (const row of rows) trees.push(grow(row.tenant_id, await checkedHead(tx, row, knownRoots), row.leaf_hashes));
    const sealed = rows.reduce((sum, { taken }) => sum + taken, 0);
    const mark = nextMark(rows, sealed === batchMax);
    await write(tx, input, { rows, trees, batchId, mark });
    reachBarrier('seal.before-commit');
    return { trees, sealed, mark };
  });
  if (outcome === undefined) return undefined;
  if (outcome.sealed > 0) reachBarrier('seal.committed');
  for (const { tenantId, after } of outcome.trees) knownRoots.set(tenantId, knownAs(after));
  return outcome;
}

/** Held until the transaction ends. One sealer at a time for all trees: a batch holds leaves of many. */
export async function lockSealing(tx: Database): Promise<boolean> {
  const { rows } = await sql<{ locked: boolean }>`
    select pg_try_advisory_xact_lock(${sql.join(advisoryLocks.sealing)}) as locked`.execute(tx);
  return rows[0]?.locked === true;
}

async function checkedHead(tx: Database, row: TreeRow, knownRoots: Map<string, string>): Promise<TreeEdge> {
  const head = edgeFrom(row.tree_size, row.edge);
  if (row.head_hash !== row.leaf_before) throw new TreeMismatch(row.tenant_id, 'the last leaf is not that of the head');
  if (knownRoots.get(row.tenant_id) !== knownAs(head)) await checkTree(tx, row.tenant_id, head);
  return head;
}

function knownAs(edge: TreeEdge): string {
  return `${edge.size}/${rootOf(edge).toString('base64')}`;
}

// What was cut off by the size of the batch is taken from the last transaction on, whose other rows may be left.
function nextMark(rows: readonly TreeRow[], isFull: boolean): string {
  if (!isFull) return rows[0]?.up_to ?? '0';
  return rows
    .map(({ last_xact: xact }) => BigInt(xact))
    .reduce((one, other) => (one > other ? one : other), 0n)
    .toString();
}

interface Outcome {
  readonly rows: readonly TreeRow[];
  readonly trees: readonly GrownTree[];
  readonly batchId: string;
  readonly mark: string;
}

async function write(tx: Database, { key, installationId, setBack }: BatchInput, outcome: Outcome): Promise<void> {
  const { rows, trees, batchId, mark } = outcome;
  const epoch = rows[0]?.epoch ?? 1;
  await writeTiles(
    tx,
    trees.flatMap(({ tiles }) => tiles),
    epoch,
  );
  const checkpoints = trees.map((tree) => signCheckpoint(tree, { installationId, epoch }, key));
  await sql`
    with checkpoints as (${insertCheckpoints({ checkpoints, epoch, batchId, keyId: key.keyId })}),
    heads as (
      insert into audit_tree_heads as h
        (tenant_id, epoch, tree_size, edge, last_xact, last_ordinal, last_integrity_hash)
      select tenant_id, ${epoch}::int, size, edge, xact::xid8, ordinal, hash
      from unnest(${rows.map((row) => row.tenant_id)}::text[], ${trees.map(({ after }) => after.size)}::bigint[],
        ${trees.map(({ after }) => Buffer.concat(after.hashes))}::bytea[], ${rows.map((row) => row.last_xact)}::text[],
        ${rows.map((row) => row.last_ordinal)}::bigint[], ${rows.map((row) => row.last_hash)}::text[])
        as t (tenant_id, size, edge, xact, ordinal, hash)
      on conflict (tenant_id) do update set tree_size = excluded.tree_size, edge = excluded.edge,
        last_xact = excluded.last_xact, last_ordinal = excluded.last_ordinal,
        last_integrity_hash = excluded.last_integrity_hash, updated_at = now()
    )
    update audit_sealing set mark_xact = ${mark}::xid8, updated_at = now()
    where mark_set_back = ${setBack} and not leftover`.execute(tx);
}
