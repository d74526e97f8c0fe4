import { bootstrap, makeSecondAdmin } from '../bootstrap';
import { readKeys, type Keys, type TenantKeys } from './credentials';
import type { Say } from './terminal';

/** Makes the first tenants on an empty database; on any other, the keys that this data folder kept are used again. */
export async function bootstrapKeys({
  ownerUrl,
  dataDir,
  say,
}: {
  ownerUrl: string;
  dataDir: string;
  say: Say;
}): Promise<Keys> {
  const kept = await readKeys(dataDir);
  const made = await bootstrap({ ownerUrl, haveCredentials: kept !== undefined });
  if (made === null && kept !== undefined) return kept;
  if (made === null) throw new Error('bootstrap made no keys although there were none');
  const tenants: TenantKeys[] = [];
  for (const { tenant_id: tenantId, admin_key: adminKey, ...others } of made.tenants) {
    const second = await makeSecondAdmin(ownerUrl, tenantId);
    tenants.push({ tenant_id: tenantId, admin_key: adminKey, second_admin_key: second, ...others });
  }
  say(`Database: made ${tenants.length} tenants and their keys`);
  return { ...made, tenants };
}
