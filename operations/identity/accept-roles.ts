import { sql } from 'kysely';
import type { AuditEntry } from '../../contracts/audit';
import type { ExecutionContext } from '../../contracts/execution-context';
import type { Role } from '../../contracts/roles';
import { appendAudit, prepareEvent } from '../transaction/audit';
import type { Database } from '../transaction/database';
import { toEngineFault } from '../transaction/faults';
import { inTransaction } from '../transaction/transaction';

export interface BroughtRoles {
  readonly issuer: string;
  readonly subject: string;
  readonly tokenGrantId: string;
  readonly roles: readonly Role[];
  readonly until: Date;
}

/**
 * Records who the context's actor is at its issuer, and which roles its token brought: operations look there, also those
 * that come long after the request. No switch holds it back, or nobody could come in to release one.
 */
export async function acceptRoles(db: Database, context: ExecutionContext, brought: BroughtRoles): Promise<void> {
  const { tenantId, actor } = context;
  const { issuer, subject, tokenGrantId, roles, until } = brought;
  try {
    await inTransaction(db, context, async (open) => {
      open.passed = true;
      await open.tx
        .insertInto('iam_identities')
        .values({ identity_id: actor.id, tenant_id: tenantId, issuer, subject })
        .onConflict((conflict) => conflict.column('identity_id').doNothing())
        .execute();
      const { rows } = await sql<{ is_new: boolean }>`
        insert into iam_identity_roles as r (token_grant_id, tenant_id, identity_id, roles, valid_until)
        values (${tokenGrantId}, ${tenantId}, ${actor.id}, ${roles}::text[], ${until})
        on conflict (token_grant_id) do update set valid_until = greatest(r.valid_until, excluded.valid_until)
        returning xmax = 0 as is_new`.execute(open.tx);
      if (rows[0]?.is_new !== true) return;
      const entry: AuditEntry = {
        type: 'TokenRolesAccepted',
        outcome: 'success',
        resource: { type: 'identity', id: actor.id },
        evidence: { issuer, subject, roles: [...roles], valid_until: until.toISOString() },
      };
      await appendAudit(open.tx, { context, action: 'identity.roles.accept' }, [prepareEvent(entry)]);
    });
  } catch (fault) {
    throw toEngineFault(fault);
  }
}
