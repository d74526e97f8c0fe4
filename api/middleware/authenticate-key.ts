import { sql } from 'kysely';
import type { RateDefaults } from '../../contracts/rate-limits';
import { isRole } from '../../contracts/roles';
import { hashKey } from '../../operations/identity/keys';
import type { Database } from '../../operations/transaction/database';
import { toEngineFault } from '../../operations/transaction/faults';
import type { Admission, Authenticate } from '../services';
import { limitStates, type LimitRow } from './limit-states';
import { together } from './together';

interface AdmissionRow extends LimitRow {
  readonly key_id: string;
  readonly tenant_id: string;
  readonly tenant_status: string;
  readonly roles: readonly string[];
}

export interface AuthenticateDependencies {
  readonly db: Database;
  /** For throws, which no limit holds back: they wait behind nobody's work, nor behind another throw's barrier. */
  readonly throwDb: Database;
  readonly rates: RateDefaults;
}

/**
 * Looks a key up by its hash and takes a token from its limits, in one round trip. Requests of one key that come together
 * are asked for together: else each would wait for the rows of the limits until the one before it has committed.
 */
export function createAuthenticateKey({ db, throwDb, rates }: AuthenticateDependencies): Authenticate {
  const { key: ofKey, tenant } = rates;
  const admit = async (pool: Database, key: string, wanted: number) => {
    try {
      const { rows } = await sql<AdmissionRow>`
        select * from aos_admit(${hashKey(key)}, ${wanted}, ${ofKey.requests}, ${ofKey.seconds},
          ${tenant.requests}, ${tenant.seconds}, null)`.execute(pool);
      return rows[0];
    } catch (error) {
      throw toEngineFault(error);
    }
  };
  const admitLimited = together(async (key, wanted) => {
    const row = await admit(db, key, wanted);
    return Array.from({ length: wanted }, (_, index) => (row === undefined ? undefined : toAdmission(row, index)));
  });
  return async (key, entrance) => {
    if (entrance === 'request') return admitLimited(key);
    const row = await admit(entrance === 'throw' ? throwDb : db, key, 0);
    return row === undefined ? undefined : { ...toAdmission(row, 0), isAdmitted: true };
  };
}

function toAdmission(row: AdmissionRow, place: number): Admission {
  const { key_id: keyId, tenant_id: tenantId, tenant_status: tenantStatus, roles } = row;
  const actor = { id: keyId, type: 'machine', keyId } as const;
  return { caller: { actor, tenantId, tenantStatus, roles: roles.filter(isRole) }, ...limitStates(row, place) };
}
