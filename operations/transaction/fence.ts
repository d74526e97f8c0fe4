import { sql } from 'kysely';
import { refusal } from '../../contracts/errors';
import { engagedSwitch, type FenceDemand, type OwnedScope, type Scope, type SwitchRow } from '../../contracts/switches';
import type { Database, Transaction } from './database';

/** Work that must go on, or be recorded, although a switch is engaged. Everything else commits behind the fence. */
export const fenceExemptions = [
  'throwing-and-releasing-switches',
  'refusal-audit',
  'outcome-of-opened-intent',
  'recording-a-kill',
  'recording-a-pause',
  'key-revocation',
  // It changes nothing that is governed, and is needed most when everything else has been stopped.
  'export-of-evidence',
] as const;
export type FenceExemption = (typeof fenceExemptions)[number];

export interface FenceInput extends Omit<FenceDemand, 'rows'> {
  readonly scopes: readonly Scope[];
}

/** Takes the shared locks of the scopes, reads their switches and refuses when one is engaged. Returns the rows read. */
export async function passFence(tx: Transaction, { scopes, ...demand }: FenceInput): Promise<readonly SwitchRow[]> {
  const types = scopes.map(({ type }) => type);
  const ids = scopes.map(({ id }) => id);
  const { rows } = await sql<SwitchRow>`
    select switch_id as "switchId", kind, scope_type as "scopeType", scope_id as "scopeId", owner, enabled,
      epoch::float8 as epoch
    from aos_fence(${types}::text[], ${ids}::text[])`.execute(tx);
  const engaged = engagedSwitch({ rows, ...demand });
  if (engaged !== undefined) throw switchRefusal(engaged);
  return rows;
}

/** Returns when no transaction that read the scope before the throw can still commit. */
export async function passBarrier(db: Database, { type, id, tenantId }: OwnedScope): Promise<void> {
  await sql`select aos_fence_barrier(${type}, ${id}, ${tenantId})`.execute(db);
}

export function switchRefusal({ switchId, kind, scopeType, scopeId, epoch }: SwitchRow) {
  const where = scopeType === 'global' ? 'globally' : `for this ${scopeType}`;
  return refusal('SWITCH_ENGAGED', `a ${kind} switch is engaged ${where}; release it, then try again`, {
    details: { scope: scopeType, scope_id: scopeId === '' ? null : scopeId, kind, epoch, switch_id: switchId },
  });
}
