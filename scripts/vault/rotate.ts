import { sql } from 'kysely';
import { platformTenantId } from '../../contracts/execution-context';
import type { AuditEntry } from '../../contracts/audit';
import { systemContext } from '../../operations/system-context';
import { advisoryLocks } from '../../operations/transaction/advisory-locks';
import { appendAudit, prepareEvent } from '../../operations/transaction/audit';
import type { Database } from '../../operations/transaction/database';
import { formerKeyFile, nextKeyFile, readMasterKey } from '../../vault';
import { StartError } from '../stack/terminal';
import { ensureNextKey, removeFormerKey, requireKey, swapKeys } from './key-files';
import { reEncrypt, type Keys } from './re-encrypt';

/** Points between which the rotation may be ended at any time, and is finished by the next call. */
export type RotationStep = 'key made' | 'begun' | 'swapped' | 'batch' | 'encrypted' | 'retired';
type OnStep = (step: RotationStep) => void | Promise<void>;

export interface Rotated {
  readonly former: string;
  readonly key: string;
  readonly secrets: number;
}

/**
 * Puts a new master key in the place of the current one and encrypts every secret anew. Until the former key is retired
 * both are at hand, so that every secret can be read and stored all the time. `db` is the owner's, of one connection.
 */
export async function rotateMasterKey(db: Database, file: string, onStep: OnStep = () => {}): Promise<Rotated> {
  return db.connection().execute(async (connection) => {
    const { rows } = await sql<{ free: boolean }>`
      select pg_try_advisory_lock(${sql.join(advisoryLocks.masterKeyRotation)}) as free`.execute(connection);
    if (rows[0]?.free !== true)
      throw new StartError('Another rotation of the master key, or a backup, is at work: try again when it is done.');
    const keys = await exchange(connection, file, onStep);
    let secrets = 0;
    for (;;) {
      const done = await reEncrypt(connection, keys, () => onStep('batch'));
      secrets += done.secrets;
      requireReadable(done.unreadable, keys);
      await onStep('encrypted');
      if (await retire(connection, keys)) break;
    }
    await onStep('retired');
    await removeFormerKey(file);
    return { former: keys.former.keyId, key: keys.key.keyId, secrets };
  });
}

/** The files and the register with the new key in its place; finishes what an ended rotation has left. */
async function exchange(db: Database, file: string, onStep: OnStep): Promise<Keys> {
  const left = await readMasterKey(formerKeyFile(file));
  const isSwapped = left !== undefined && (await readMasterKey(nextKeyFile(file))) === undefined;
  if (isSwapped) return { former: left, key: await requireKey(file) };
  const former = await requireKey(file);
  const key = await ensureNextKey(file);
  await onStep('key made');
  await begin(db, { former, key });
  await onStep('begun');
  await swapKeys(file);
  await onStep('swapped');
  return { former, key };
}

async function begin(db: Database, { former, key }: Keys): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await sql`select aos_use_master_key(${former.keyId})`.execute(tx);
    const { rows } = await sql<{ keyId: string; formerKeyId: string | null }>`
      select key_id as "keyId", former_key_id as "formerKeyId" from vault_keys k where not exists
        (select from vault_keys n where n.former_key_id = k.key_id)`.execute(tx);
    const last = rows[0];
    if (last?.keyId === key.keyId && last.formerKeyId === former.keyId) return;
    if (last?.keyId !== former.keyId) {
      throw new StartError(
        `The master key file holds the key ${former.keyId}, and the installation uses ${last?.keyId}: bring the right file back.`,
      );
    }
    await sql`insert into vault_keys (key_id, former_key_id) values (${key.keyId}, ${former.keyId})`.execute(tx);
    await tell(tx, {
      type: 'MasterKeyRotationBegun',
      outcome: 'success',
      resource: { type: 'master_key', id: key.keyId },
      evidence: { key_id: key.keyId, former_key_id: former.keyId },
    });
  });
}

/** False when a secret was stored under the former key meanwhile; behind this none is any more. */
async function retire(db: Database, { former, key }: Keys): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(${sql.join(advisoryLocks.masterKeyInUse)})`.execute(tx);
    const { rows: left } = await sql`select from credential_secrets where key_id = ${former.keyId} limit 1`.execute(tx);
    if (left.length > 0) return false;
    const { rows: retired } = await sql`update vault_keys set retired_at = now()
      where key_id = ${former.keyId} and retired_at is null returning key_id`.execute(tx);
    if (retired.length === 0) return true;
    const { rows } = await sql<{ tenants: number; secrets: number }>`
      select count(distinct tenant_id)::int as tenants, count(*)::int as secrets from credential_secrets
      where key_id = ${key.keyId}`.execute(tx);
    await tell(tx, {
      type: 'MasterKeyRotated',
      outcome: 'success',
      resource: { type: 'master_key', id: key.keyId },
      evidence: { key_id: key.keyId, former_key_id: former.keyId, tenants: 0, secrets: 0, ...rows[0] },
    });
    return true;
  });
}

function requireReadable(unreadable: readonly string[], { former }: Keys): void {
  if (unreadable.length === 0) return;
  throw new StartError(
    `Not authentic under the key ${former.keyId}: ${unreadable.join(', ')}. Rotate or delete these credentials, then run this again; the former key stays until then.`,
  );
}

async function tell(tx: Database, entry: AuditEntry): Promise<void> {
  const context = systemContext(platformTenantId, 'vault');
  await appendAudit(tx, { context, action: 'vault.keys.rotate' }, [prepareEvent(entry)]);
}
