import { sql } from 'kysely';
import { originOf } from '../../evidence/checkpoint';
import { rootOf } from '../../evidence/merkle/edge';
import { newId } from '../ids';
import type { Database } from '../transaction/database';
import { insertCheckpoints, signCheckpoint, type SignedCheckpoint } from './append';
import { checkTree } from './check-tree';
import { recordSealingChange } from './record-change';
import { lockSealing } from './seal-batch';
import type { SigningKey } from './signing-key';
import { edgeFrom } from './tree-of';

const treesAtOnce = 500;

interface HeadRow {
  readonly tenant_id: string;
  readonly epoch: number;
  readonly tree_size: number;
  readonly edge: Buffer;
}

/** Opens the epoch that a restore asked for, on the record of the platform: the trees of all tenants enter it. */
export async function openEpoch(db: Database, serverId: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    if (!(await lockSealing(tx))) return;
    const { rows } = await sql<{ epoch: number; epoch_due: string | null; is_other: boolean }>`
      select epoch, epoch_due, server_id is distinct from ${serverId} as is_other from audit_sealing for update`.execute(
      tx,
    );
    const [{ epoch: formerEpoch, epoch_due: asked, is_other: isOther } = noRow()] = rows;
    if (asked === null && !isOther) return;
    const opened = await sql<{ epoch: number }>`select aos_open_epoch(${serverId}) as epoch`.execute(tx);
    const [{ epoch } = noRow()] = opened.rows;
    const reason = asked ?? 'the database lies on another server';
    await recordSealingChange(tx, 'sealing.epochs.open', {
      type: 'EvidenceEpochOpened',
      outcome: 'success',
      resource: { type: 'evidence_epoch', id: String(epoch) },
      evidence: { epoch, former_epoch: formerEpoch, reason },
    });
  });
}

function noRow(): never {
  throw new Error('the row of sealing is missing');
}

/**
 * Brings trees into the epoch, some at a time. The first checkpoint of each has the leaves of the last one known, and
 * names it: a checkpoint of the former epoch that is not among its past shows what the restore has lost. Throws
 * TreeMismatch for a tree that is not what was signed; it stays in its epoch.
 */
export async function enterEpoch(
  db: Database,
  { key, installationId, epoch }: { key: SigningKey; installationId: string; epoch: number },
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    if (!(await lockSealing(tx))) return;
    const { rows } = await sql<HeadRow>`select tenant_id, epoch, tree_size::float8 as tree_size, edge
      from audit_tree_heads where epoch < ${epoch} and halted_at is null
      order by tenant_id limit ${treesAtOnce}`.execute(tx);
    const checkpoints: SignedCheckpoint[] = [];
    for (const row of rows) {
      const edge = edgeFrom(row.tree_size, row.edge);
      await checkTree(tx, row.tenant_id, edge);
      const origin = originOf(installationId, row.tenant_id, row.epoch);
      const follows = `follows ${origin} ${edge.size} ${rootOf(edge).toString('base64')}\n`;
      const tree = { tenantId: row.tenant_id, before: edge, after: edge };
      checkpoints.push(signCheckpoint(tree, { installationId, epoch }, key, follows));
    }
    await sql`${insertCheckpoints({ checkpoints, epoch, batchId: newId('sb_', 12), keyId: key.keyId })}`.execute(tx);
    await moveHeads(
      tx,
      epoch,
      rows.map((row) => row.tenant_id),
    );
  });
}

async function moveHeads(tx: Database, epoch: number, tenantIds: readonly string[]): Promise<void> {
  await sql`update audit_tree_heads h set epoch = ${epoch}, last_xact = '0', last_ordinal = s.floor_ordinal, updated_at = now()
    from audit_sealing s where h.tenant_id = any(${tenantIds}::text[])`.execute(tx);
}

/** What the restored database held without leaves has them now. */
export async function endLeftover(db: Database): Promise<void> {
  await sql`update audit_sealing set leftover = false where leftover and not exists (
    select from aos_unsealed('0'::xid8, 1))`.execute(db);
}
