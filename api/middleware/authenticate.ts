import { sql } from 'kysely';
import type { LimitState, RateDefaults } from '../../contracts/rate-limits';
import { isRole } from '../../contracts/roles';
import { hashKey } from '../../operations/identity/keys';
import type { Database } from '../../operations/transaction/database';
import { toEngineFault } from '../../operations/transaction/faults';
import type { Admission, Authenticate } from '../services';
import { together } from './together';

interface AdmissionRow {
  readonly key_id: string;
  readonly tenant_id: string;
  readonly tenant_status: string;
  readonly roles: readonly string[];
  readonly tenant_requests: number;
  readonly tenant_seconds: number;
  readonly tenant_tokens: number | null;
  readonly key_requests: number;
  readonly key_seconds: number;
  readonly key_tokens: number | null;
  /** How many of the requests. */
  readonly admitted: number;
  readonly report_due: boolean;
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
export function createAuthenticate({ db, throwDb, rates }: AuthenticateDependencies): Authenticate {
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

/** What the request at this place of its group got. */
function toAdmission(row: AdmissionRow, place: number): Admission {
  const { key_id: keyId, tenant_id: tenantId, tenant_status: tenantStatus, roles } = row;
  return {
    caller: { keyId, tenantId, tenantStatus, roles: roles.filter(isRole) },
    limits: limitsOf(row, Math.max(0, row.admitted - 1 - place)),
    isAdmitted: place < row.admitted,
    isReportDue: row.report_due && place === row.admitted,
  };
}

// Those behind it had not taken theirs yet.
function limitsOf({ tenant_tokens: ofTenant, key_tokens: ofKey, ...row }: AdmissionRow, behind: number): LimitState[] {
  if (ofTenant === null || ofKey === null) return [];
  return [
    { subject: 'tenant', requests: row.tenant_requests, seconds: row.tenant_seconds, tokens: ofTenant + behind },
    { subject: 'key', requests: row.key_requests, seconds: row.key_seconds, tokens: ofKey + behind },
  ];
}
