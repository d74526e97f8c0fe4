import { sql } from 'kysely';
import { isRole } from '../../contracts/roles';
import { hashKey } from '../../operations/identity/keys';
import type { Database } from '../../operations/transaction/database';
import { toEngineFault } from '../../operations/transaction/faults';
import type { Caller } from '../services';

interface KeyRow {
  readonly key_id: string;
  readonly tenant_id: string;
  readonly tenant_status: string;
  readonly roles: readonly string[];
}

/** Looks a key up by its hash; undefined when it is unknown, expired or revoked. */
export function createAuthenticate(db: Database): (key: string) => Promise<Caller | undefined> {
  return async (key) => {
    const row = await findKey(db, hashKey(key));
    if (row === undefined) return undefined;
    return {
      keyId: row.key_id,
      tenantId: row.tenant_id,
      tenantStatus: row.tenant_status,
      roles: row.roles.filter(isRole),
    };
  };
}

async function findKey(db: Database, keyHash: Buffer): Promise<KeyRow | undefined> {
  try {
    const { rows } = await sql<KeyRow>`select * from aos_authenticate(${keyHash})`.execute(db);
    return rows[0];
  } catch (error) {
    throw toEngineFault(error);
  }
}
