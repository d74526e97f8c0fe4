import { sql } from 'kysely';
import { refusal } from '../../contracts/errors';
import { engagedSwitch, type FenceDemand, type OwnedScope, type Scope, type SwitchRow } from '../../contracts/switches';
import type { Database, Transaction } from './database';
import type { Send } from './in-line';
import { noSuchWork, selectAuthority, type WorkAuthority } from './work-authority';

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

export interface FenceInput extends Pick<FenceDemand, 'begins'> {
  readonly scopes: readonly Scope[];
  /** The job or call that began earlier, and goes on. */
  readonly workId?: string | undefined;
}

/** Takes the shared locks of the scopes, reads their switches and refuses when one is engaged. Returns the rows read. */
export async function passFence(
  tx: Transaction,
  send: Send,
  { scopes, begins, workId }: FenceInput,
): Promise<readonly SwitchRow[]> {
  const { rows, authority } =
    workId === undefined ? await readFence(tx, send, scopes) : await readWorkFence(tx, send, scopes, workId);
  const engaged = engagedSwitch({ rows, begins, ...authority });
  if (engaged !== undefined) throw switchRefusal(engaged);
  return rows;
}

async function readFence(tx: Transaction, send: Send, scopes: readonly Scope[]): Promise<FenceRead> {
  return { rows: await send(sql<SwitchRow>`select ${switchColumns} from ${fence(scopes)} f`.compile(tx)) };
}

async function readWorkFence(
  tx: Transaction,
  send: Send,
  scopes: readonly Scope[],
  workId: string,
): Promise<FenceRead> {
  const query = sql<WorkAuthority & Partial<SwitchRow>>`
    select w.*, ${switchColumns} from (${selectAuthority(workId)}) w left join ${fence(scopes)} f on true`;
  const rows = await send(query.compile(tx));
  const [first] = rows;
  if (first === undefined) throw noSuchWork(workId);
  const { seen, passed } = first;
  return {
    rows: rows.filter((row): row is WorkAuthority & SwitchRow => typeof row.switchId === 'string'),
    authority: { seen: seen ?? undefined, passed },
  };
}

interface FenceRead {
  readonly rows: readonly SwitchRow[];
  readonly authority?: Pick<FenceDemand, 'seen' | 'passed'>;
}

const switchColumns = sql`f.switch_id as "switchId", f.kind, f.scope_type as "scopeType", f.scope_id as "scopeId", f.owner,
  f.enabled, f.epoch::float8 as epoch`;

function fence(scopes: readonly Scope[]) {
  const types = scopes.map(({ type }) => type);
  const ids = scopes.map(({ id }) => id);
  return sql`aos_fence(${types}::text[], ${ids}::text[])`;
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
