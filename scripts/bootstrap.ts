import { sql } from 'kysely';
import { freezeContext, platformTenantId, type ExecutionContext } from '../contracts/execution-context';
import { catalogue, type Dispatch } from '../operations/catalogue';
import { hashKey, mintKey } from '../operations/identity/keys';
import { newId } from '../operations/ids';
import { createDispatch } from '../operations/registry';
import { createDatabase, type Database } from '../operations/transaction/database';

export interface BootstrapTenant {
  readonly tenant_id: string;
  readonly admin_key: string;
  readonly developer_key: string;
  readonly viewer_key: string;
  readonly auditor_key: string;
}

export interface BootstrapResult {
  readonly operator_key: string;
  readonly tenants: readonly BootstrapTenant[];
}

export interface BootstrapInput {
  readonly ownerUrl: string;
  /** False makes new keys for a database that has tenants already, because nobody holds the old ones. */
  readonly haveCredentials?: boolean;
}

/** Makes the operator's key and two tenants with a key for each role; null when that has been done before. */
export async function bootstrap({ ownerUrl, haveCredentials = true }: BootstrapInput): Promise<BootstrapResult | null> {
  const db = createDatabase({ url: ownerUrl, connectionsMax: 2, applicationName: 'aos-bootstrap' });
  try {
    const tenantIds = await listTenants(db);
    if (tenantIds.length > 0 && haveCredentials) return null;
    const dispatch = createDispatch({ catalogue, db, switchDb: db, operatorDb: db, onCommitted: () => {} });
    const operator = await insertRootKey(db, platformTenantId, 'operator');
    const operatorContext = contextOf(platformTenantId, operator.keyId);
    const tenants: BootstrapTenant[] = [];
    for (const index of [0, 1]) {
      const admin = await adminOf(db, dispatch, { operator: operatorContext, tenantId: tenantIds[index], index });
      tenants.push(await makeKeys(dispatch, admin));
    }
    return { operator_key: operator.key, tenants };
  } finally {
    await db.destroy();
  }
}

/**
 * A key of another administrator, whom nobody of the tenant stands behind: calls that the first one's keys make wait for
 * somebody else to approve them.
 */
export async function makeSecondAdmin(ownerUrl: string, tenantId: string): Promise<string> {
  const db = createDatabase({ url: ownerUrl, connectionsMax: 1, applicationName: 'aos-bootstrap' });
  try {
    return (await insertRootKey(db, tenantId, 'admin')).key;
  } finally {
    await db.destroy();
  }
}

async function listTenants(db: Database): Promise<string[]> {
  const rows = await db
    .selectFrom('tenants')
    .select('tenant_id')
    .where('tenant_id', '<>', platformTenantId)
    .orderBy('created_at')
    .orderBy('tenant_id')
    .execute();
  return rows.map(({ tenant_id }) => tenant_id);
}

// The root of trust: the first key has nobody who could grant it, so the owner of the database does.
async function insertRootKey(
  db: Database,
  tenantId: string,
  role: 'operator' | 'admin',
): Promise<{ keyId: string; key: string }> {
  const { keyId, key } = mintKey();
  await db.transaction().execute(async (tx) => {
    await sql`insert into api_keys (key_id, tenant_id, key_hash, key_prefix, name, created_by)
      values (${keyId}, ${tenantId}, ${hashKey(key)}, ${key.slice(0, 8)}, ${role}, 'bootstrap')`.execute(tx);
    await sql`insert into iam_grants (tenant_id, identity, role, granted_by)
      values (${tenantId}, ${keyId}, ${role}, 'bootstrap')`.execute(tx);
  });
  return { keyId, key };
}

interface Admin {
  readonly tenantId: string;
  readonly keyId: string;
  readonly key: string;
}

async function adminOf(
  db: Database,
  dispatch: Dispatch,
  { operator, tenantId, index }: { operator: ExecutionContext; tenantId: string | undefined; index: number },
): Promise<Admin> {
  if (tenantId !== undefined) return { tenantId, ...(await insertRootKey(db, tenantId, 'admin')) };
  const made = await dispatch(operator, 'identity.tenants.create', {
    params: { name: index === 0 ? 'Example' : 'Neighbour' },
    idempotencyKey: newId('boot-', 8),
  });
  const key = made.adminKey ?? '';
  const row = await db
    .selectFrom('api_keys')
    .select('key_id')
    .where('key_hash', '=', hashKey(key))
    .executeTakeFirstOrThrow();
  return { tenantId: made.tenantId, keyId: row.key_id, key };
}

async function makeKeys(dispatch: Dispatch, { tenantId, keyId, key }: Admin): Promise<BootstrapTenant> {
  const context = contextOf(tenantId, keyId);
  const make = async (role: 'developer' | 'viewer' | 'auditor'): Promise<string> => {
    const made = await dispatch(context, 'identity.keys.create', {
      params: { name: role, role },
      idempotencyKey: newId('boot-', 8),
    });
    return made.key ?? '';
  };
  return {
    tenant_id: tenantId,
    admin_key: key,
    developer_key: await make('developer'),
    viewer_key: await make('viewer'),
    auditor_key: await make('auditor'),
  };
}

function contextOf(tenantId: string, keyId: string): ExecutionContext {
  const requestId = newId('req-');
  return freezeContext({
    tenantId,
    actor: { id: keyId, type: 'machine', keyId },
    requestId,
    traceId: newId('', 16),
    runId: requestId,
    source: 'sdk',
  });
}
