import { sql } from 'kysely';
import type { Database } from '../transaction/database';
import { endLeftover, enterEpoch, openEpoch } from './open-epoch';
import { sealBatch, type SealingBarrier } from './seal-batch';
import { SealingHalt } from './signing-key';
import { createSigningKeys } from './signing-keys';
import { TreeMismatch } from './tree-mismatch';

export interface SealerOptions {
  /** Of the system role: trees are of all tenants. */
  readonly db: Database;
  readonly signingKeyFile: string;
  /** Events in one transaction at most. */
  readonly batchMax?: number;
  readonly reachBarrier?: (name: SealingBarrier) => void;
  /** Told of trees that were found changed, and of whatever keeps the sealer from sealing. */
  readonly onTrouble?: (error: TreeMismatch | SealingHalt) => void;
}

export interface Sealer {
  /**
   * Seals what waits, batch by batch. Returns how many events were sealed; none while another sealer is at work. Throws
   * SealingHalt when there is no key to sign with: nothing is sealed then, and work goes on.
   */
  seal(): Promise<number>;
}

interface Look {
  readonly installation_id: string;
  readonly epoch: number;
  readonly is_due: boolean;
  readonly has_former: boolean;
  readonly leftover: boolean;
  readonly mark: string;
  readonly set_back: number;
  readonly up_to: string;
  readonly waits: boolean;
  readonly trouble: string | null;
}

/** Between two turns: a batch of many events costs little more than one of few. */
export const sealIntervalMs = 400;

// A turn ends some time, so that a stop is not waited for while a backlog lasts.
const batchesMax = 50;

export function createSealer(options: SealerOptions): Sealer {
  const { db, batchMax = 2_000, reachBarrier = () => {}, onTrouble = () => {} } = options;
  const keys = createSigningKeys({ db, file: options.signingKeyFile });
  const knownRoots = new Map<string, string>();
  let server: string | undefined;
  // How far this process has looked; it counts until somebody sets the mark in the row back.
  let place = { setBack: -1, mark: '0' };

  async function look(): Promise<Look> {
    server ??= await readServer(db);
    const { rows } = await sql<Look>`
      select installation_id, epoch, epoch_due is not null or server_id <> ${server} as is_due, leftover, trouble,
        exists (select from audit_tree_heads h where h.epoch < s.epoch and h.halted_at is null) as has_former, mark_xact::text as mark, mark_set_back as set_back,
        pg_snapshot_xmin(pg_current_snapshot())::text as up_to,
        exists (select from aos_unsealed(greatest(mark_xact,
          case when mark_set_back = ${place.setBack} then ${place.mark}::xid8 else '0' end), 1)) as waits
      from audit_sealing s`.execute(db);
    const [seen] = rows;
    if (seen === undefined) throw new Error('the row of sealing is missing');
    if (seen.set_back !== place.setBack) place = { setBack: seen.set_back, mark: '0' };
    if (BigInt(seen.mark) > BigInt(place.mark)) place = { ...place, mark: seen.mark };
    return seen;
  }

  async function turn(): Promise<number | undefined> {
    const seen = await look();
    if (seen.is_due) {
      await openEpoch(db, server ?? '');
      return 0;
    }
    if (!seen.waits && !seen.has_former) {
      if (seen.leftover) {
        await endLeftover(db);
        return 0;
      }
      place = { ...place, mark: seen.up_to };
      return undefined;
    }
    const { installation_id: installationId, epoch } = seen;
    const key = await keys.current();
    if (seen.trouble !== null) await tell(db, null);
    if (seen.has_former) {
      await enterEpoch(db, { key, installationId, epoch });
      return 0;
    }
    const { mark, setBack } = place;
    const result = await sealBatch({ db, key, installationId, mark, setBack, batchMax, knownRoots, reachBarrier });
    if (result === undefined) return undefined;
    // Leftovers have places of their own.
    if (!seen.leftover) place = { ...place, mark: result.mark };
    return result.sealed;
  }

  async function guarded(): Promise<number | undefined> {
    try {
      return await turn();
    } catch (error) {
      const mismatch = error instanceof TreeMismatch ? error : await doubledLeaf(db, error);
      if (mismatch !== undefined) {
        knownRoots.delete(mismatch.tenantId);
        await halt(db, mismatch);
        onTrouble(mismatch);
        return 0;
      }
      if (error instanceof SealingHalt) {
        await tell(db, error.message);
        onTrouble(error);
      }
      throw error;
    }
  }

  return {
    async seal() {
      let sealed = 0;
      for (let batch = 0; batch < batchesMax; batch += 1) {
        const taken = await guarded();
        if (taken === undefined) break;
        sealed += taken;
        // What came meanwhile waits for the next turn: a batch of many costs little more than one of few.
        if (taken > 0 && taken < batchMax) break;
      }
      return sealed;
    },
  };
}

/** Which server this is: a restored database may lie on another, where its transaction ids mean nothing. */
async function readServer(db: Database): Promise<string> {
  const { rows } = await sql<{ id: string }>`select system_identifier::text as id from pg_control_system()`.execute(db);
  const id = rows[0]?.id ?? '';
  await sql`update audit_sealing set server_id = ${id} where server_id is null`.execute(db);
  return id;
}

async function tell(db: Database, trouble: string | null): Promise<void> {
  await sql`update audit_sealing set trouble = ${trouble}, trouble_at = case when ${trouble}::text is null then null else now() end
    where trouble is distinct from ${trouble}`.execute(db);
}

async function halt(db: Database, { tenantId, reason }: TreeMismatch): Promise<void> {
  await sql`insert into audit_tree_heads as h (tenant_id, epoch, tree_size, edge, last_xact, last_ordinal, halted_reason, halted_at)
    select ${tenantId}, epoch, 0, '', '0', 0, ${reason}, now() from audit_sealing
    on conflict (tenant_id) do update set halted_reason = excluded.halted_reason, halted_at = now()`.execute(db);
}

/** The tree of an event, or place, that has a leaf already: its head was set back. */
async function doubledLeaf(db: Database, error: unknown): Promise<TreeMismatch | undefined> {
  const { code, table, detail = '' } = error as { code?: string; table?: string; detail?: string };
  if (code !== '23505' || table !== 'audit_leaves') return undefined;
  const [, place, tenant, event] =
    /^Key \((?:(tenant_id), tenant_sequence\)=\(([^,]*), |event_id\)=\((.*)\))/.exec(detail) ?? [];
  if (place !== undefined && tenant !== undefined) return new TreeMismatch(tenant, 'the head is behind its leaves');
  const { rows } = await sql<{ tenant_id: string }>`
    select tenant_id from audit_leaves where event_id = ${event ?? ''}`.execute(db);
  return rows[0] && new TreeMismatch(rows[0].tenant_id, 'the head is behind its leaves');
}
