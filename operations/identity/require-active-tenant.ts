import { refusal } from '../../contracts/errors';
import type { Transaction } from '../transaction/database';

/** For what goes round the fence, which would have asked. */
export async function requireActiveTenant(tx: Transaction, tenantId: string): Promise<void> {
  const tenant = await tx.selectFrom('tenants').select('status').where('tenant_id', '=', tenantId).executeTakeFirst();
  if (tenant?.status === 'active') return;
  throw refusal('TENANT_INACTIVE', 'the tenant is suspended; ask the operator to reactivate it');
}
