import { sql, type QueryCreator } from 'kysely';
import { EngineError, refusal, type ErrorCode, type ReasonCode } from '../../contracts/errors';
import type { DB } from '../../prisma/generated/database';
import type { Part } from './at-once';
import type { Transaction } from './database';

export interface IdempotencyClaim {
  readonly tenantId: string;
  readonly actorId: string;
  readonly operation: string;
  readonly key: string;
  /** SHA-256 of the parsed, canonical parameters. */
  readonly digest: string;
}

/** A key that is ours now, or what its first use came to. */
export type ClaimResult =
  | { readonly state: 'claimed' }
  | { readonly state: 'completed'; readonly result: unknown }
  | { readonly state: 'permanently_failed'; readonly error: EngineError };

interface StoredFailure {
  readonly code: ErrorCode;
  readonly reason?: ReasonCode;
  readonly message: string;
  readonly details?: Record<string, unknown>;
}

const lockNotAvailable = '55P03';
const inProgressRetrySeconds = 1;

/** Waits for a rival in flight (2 s at most), then answers. Other parameters under the same key: `conflict`. */
export async function claimKey(tx: Transaction, claim: IdempotencyClaim): Promise<ClaimResult> {
  const { claimed, arguments_digest, state, outcome } = await readClaim(tx, claim);
  if (claimed) return { state: 'claimed' };
  if (arguments_digest !== claim.digest) {
    throw refusal('key_reused', 'the idempotency key was used for a call with other parameters; use a new key');
  }
  if (state === 'completed') return { state, result: JSON.parse(outcome ?? 'null') as unknown };
  if (state !== 'permanently_failed') throw inProgress();
  const { code, message, reason, details } = JSON.parse(outcome ?? '{}') as StoredFailure;
  const options = { ...(reason !== undefined && { reason }), ...(details !== undefined && { details }) };
  return { state, error: new EngineError(code, message, options) };
}

interface ClaimRow {
  readonly claimed: boolean;
  readonly arguments_digest: string | null;
  readonly state: string | null;
  readonly outcome: string | null;
}

async function readClaim(tx: Transaction, claim: IdempotencyClaim): Promise<ClaimRow> {
  const { tenantId, actorId, operation, key, digest } = claim;
  try {
    const { rows } = await sql<ClaimRow>`
      select * from aos_claim(${tenantId}, ${actorId}, ${operation}, ${key}, ${digest})`.execute(tx);
    const [row] = rows;
    if (row === undefined) throw inProgress();
    return row;
  } catch (error) {
    throw isPostgresError(error, lockNotAvailable) ? inProgress() : error;
  }
}

function inProgress() {
  return refusal('in_progress', 'the first call with this idempotency key is still at work; repeat the call', {
    retryAfterSeconds: inProgressRetrySeconds,
  });
}

/** The statement that stores what the key is answered with from now on. */
export function resultUpdate(claim: IdempotencyClaim, result: unknown): Part {
  return closing(claim, 'completed', JSON.stringify(result ?? null));
}

export async function saveFailure(tx: Transaction, claim: IdempotencyClaim, error: EngineError): Promise<void> {
  const { code, reason, message, details } = error;
  const outcome = JSON.stringify({ code, reason, message, details });
  await closing(claim, 'permanently_failed', outcome)(tx).execute();
}

/** Frees the key, so that the same call may be tried again. */
export async function freeKey(tx: Transaction, { tenantId, actorId, operation, key }: IdempotencyClaim): Promise<void> {
  await sql`delete from idempotency_records where tenant_id = ${tenantId} and actor_id = ${actorId}
    and operation = ${operation} and key = ${key}`.execute(tx);
}

function closing({ tenantId, actorId, operation, key }: IdempotencyClaim, state: string, outcome: string) {
  return (query: QueryCreator<DB>) =>
    query
      .updateTable('idempotency_records')
      .set({ state, outcome, retain_until: sql<Date>`now() + interval '30 days'` })
      .where('tenant_id', '=', tenantId)
      .where('actor_id', '=', actorId)
      .where('operation', '=', operation)
      .where('key', '=', key);
}

export function isPostgresError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
