import { sql } from 'kysely';
import type { LimitState, RateDefaults } from '../../contracts/rate-limits';
import { isRole } from '../../contracts/roles';
import { hashKey } from '../../operations/identity/keys';
import type { Database } from '../../operations/transaction/database';
import { toEngineFault } from '../../operations/transaction/faults';
import type { Admission, Authenticate } from '../services';

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
  readonly admitted: boolean;
  readonly report_due: boolean;
}

export interface AuthenticateDependencies {
  readonly db: Database;
  /** For requests that no limit holds back: they wait behind nobody's work either. */
  readonly switchDb: Database;
  readonly rates: RateDefaults;
}

/** Looks a key up by its hash and takes a token from its limits, in one round trip. */
export function createAuthenticate({ db, switchDb, rates }: AuthenticateDependencies): Authenticate {
  return async (key, { isLimited }) => {
    const { key: ofKey, tenant } = rates;
    try {
      const { rows } = await sql<AdmissionRow>`
        select * from aos_admit(${hashKey(key)}, ${isLimited}, ${ofKey.requests}, ${ofKey.seconds},
          ${tenant.requests}, ${tenant.seconds}, null)`.execute(isLimited ? db : switchDb);
      return rows[0] === undefined ? undefined : toAdmission(rows[0]);
    } catch (error) {
      throw toEngineFault(error);
    }
  };
}

function toAdmission(row: AdmissionRow): Admission {
  const { key_id: keyId, tenant_id: tenantId, tenant_status: tenantStatus, roles } = row;
  return {
    caller: { keyId, tenantId, tenantStatus, roles: roles.filter(isRole) },
    limits: limitsOf(row),
    isAdmitted: row.admitted,
    isReportDue: row.report_due,
  };
}

function limitsOf(row: AdmissionRow): LimitState[] {
  if (row.tenant_tokens === null || row.key_tokens === null) return [];
  return [
    { subject: 'tenant', requests: row.tenant_requests, seconds: row.tenant_seconds, tokens: row.tenant_tokens },
    { subject: 'key', requests: row.key_requests, seconds: row.key_seconds, tokens: row.key_tokens },
  ];
}
