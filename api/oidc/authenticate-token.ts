import { sql } from 'kysely';
import type { RateDefaults } from '../../contracts/rate-limits';
import { acceptRoles } from '../../operations/identity/accept-roles';
import { identityIdOf, tokenGrantIdOf } from '../../operations/identity/identity-ids';
import type { Database } from '../../operations/transaction/database';
import { toEngineFault } from '../../operations/transaction/faults';
import { limitStates, type LimitRow } from '../middleware/limit-states';
import { together } from '../middleware/together';
import type { Admission, Authenticate } from '../services';
import { noTenant } from './read-claims';
import { invalidToken, type TokenHolder, type VerifyToken } from './verify-token';

interface IdentityRow extends LimitRow {
  readonly tenant_status: string;
  /** Undefined roles were never seen. */
  readonly known_until: Date | null;
  readonly is_blocked: boolean;
}

export interface AuthenticateTokenDependencies {
  readonly verify: VerifyToken;
  readonly db: Database;
  /** For throws, as for keys. */
  readonly throwDb: Database;
  readonly rates: RateDefaults;
}

/** Lets in whoever shows an access token of a trusted issuer, with the limits that a key would have. */
export function createAuthenticateToken({ verify, db, throwDb, rates }: AuthenticateTokenDependencies): Authenticate {
  const { key: ofKey, tenant } = rates;
  const admit = async (pool: Database, [tenantId, identityId, tokenGrantId]: Names, wanted: number) => {
    try {
      const { rows } = await sql<IdentityRow>`
        select * from aos_admit_identity(${tenantId}, ${identityId}, ${tokenGrantId}, ${wanted},
          ${ofKey.requests}, ${ofKey.seconds}, ${tenant.requests}, ${tenant.seconds}, null)`.execute(pool);
      return rows[0];
    } catch (error) {
      throw toEngineFault(error);
    }
  };
  const admitLimited = together(async (names, wanted) => {
    const row = await admit(db, JSON.parse(names) as Names, wanted);
    return Array.from({ length: wanted }, (_, place) => ({ row, place }));
  });
  return async (token, entrance) => {
    const holder = await verify(token);
    const names = namesOf(holder);
    const pool = entrance === 'throw' ? throwDb : db;
    const isLimited = entrance === 'request';
    const { row, place } = isLimited
      ? await admitLimited(JSON.stringify(names))
      : { row: await admit(pool, names, 0), place: 0 };
    if (row === undefined) throw noTenant();
    if (row.is_blocked) throw invalidToken('its subject is blocked here; ask your administrator');
    return toAdmission(holder, { names, row, place, pool, isLimited });
  };
}

type Names = readonly [tenantId: string, identityId: string, tokenGrantId: string];

function namesOf({ tenantId, issuer, subject, roles }: TokenHolder): Names {
  const identityId = identityIdOf(tenantId, issuer, subject);
  return [tenantId, identityId, tokenGrantIdOf(identityId, roles)];
}

interface Looked {
  readonly names: Names;
  readonly row: IdentityRow;
  readonly place: number;
  readonly pool: Database;
  readonly isLimited: boolean;
}

function toAdmission(holder: TokenHolder, { names, row, place, pool, isLimited }: Looked): Admission {
  const { tenantId, roles, actorType, issuer, subject, workUntil } = holder;
  const [, id, tokenGrantId] = names;
  const isKnown = row.known_until !== null && row.known_until >= workUntil;
  return {
    caller: { actor: { id, type: actorType, tokenGrantId }, tenantId, tenantStatus: row.tenant_status, roles },
    ...limitStates(row, place),
    ...(!isLimited && { isAdmitted: true }),
    ...(!isKnown && {
      remember: (context) => acceptRoles(pool, context, { issuer, subject, tokenGrantId, roles, until: workUntil }),
    }),
  };
}
