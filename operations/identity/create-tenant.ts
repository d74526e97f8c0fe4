import { z } from 'zod';
import { text } from '../../contracts/text';
import { defineOperation } from '../define';
import { newId } from '../ids';
import { insertKey } from './keys';

/** Makes a tenant and its first admin key. The secret is in the first answer only. */
export const createTenant = defineOperation({
  name: 'identity.tenants.create',
  permission: 'manage:tenants',
  params: z.strictObject({ name: text(128) }),
  fence: 'fenced',
  loadFacts: async () => ({}),

  async handle(work, { params: { name } }) {
    const tenantId = newId('ten_');
    await work.tx.insertInto('tenants').values({ tenant_id: tenantId, name }).execute();
    const { keyId, key } = await insertKey(work, { tenantId, name: 'first admin', role: 'admin' });
    work.audit({
      type: 'TenantCreated',
      outcome: 'success',
      resource: { type: 'tenant', id: tenantId },
      evidence: { name },
    });
    work.audit({
      type: 'ApiKeyCreated',
      outcome: 'success',
      resource: { type: 'api_key', id: keyId },
      evidence: { name: 'first admin', role: 'admin', expires_at: null },
    });
    return { tenantId, name, adminKey: key as string | null };
  },
  remembered: (result) => ({ ...result, adminKey: null }),
});
