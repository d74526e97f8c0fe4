import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { freezeContext, type ExecutionContext } from '../../contracts/execution-context';
import type { OutboxMessage } from '../../contracts/outbox';
import { catalogue, type Dispatch } from '../../operations/catalogue';
import { createRelay, type Relay } from '../../operations/outbox/relay';
import { createDispatch } from '../../operations/registry';
import { createDatabase, type Database } from '../../operations/transaction/database';
import { bootstrap, type BootstrapResult } from '../../scripts/bootstrap';
import { createTestDatabase, type TestDatabase } from './database';

export interface TestOperations {
  readonly database: TestDatabase;
  readonly db: Database;
  readonly dispatch: Dispatch;
  /** What the outbox would have delivered, in order. */
  readonly delivered: OutboxMessage[];
  readonly relay: Relay;
  readonly keys: BootstrapResult;
  /** The owner's connection, for arranging and looking at rows. */
  readonly owner: Client;
  /** Contexts of the keys of tenant 0 and 1 and of the operator. */
  as(role: 'admin' | 'developer' | 'viewer' | 'auditor', tenant?: 0 | 1): ExecutionContext;
  readonly operator: ExecutionContext;
  stop(): Promise<void>;
}

/** The governed core on a real database, without API, worker or Temporal. */
export async function startTestOperations(): Promise<TestOperations> {
  const database = await createTestDatabase();
  const url = database.appUrl;
  const db = createDatabase({ url, connectionsMax: 10, applicationName: 'test' });
  const switchDb = createDatabase({ url, connectionsMax: 2, applicationName: 'test-switch' });
  const operatorDb = createDatabase({ url, connectionsMax: 1, applicationName: 'test-operator' });
  const systemDb = createDatabase({ url: database.systemUrl, connectionsMax: 3, applicationName: 'test-system' });
  const delivered: OutboxMessage[] = [];
  const relay = createRelay({ db: systemDb, port: { deliver: async (message) => void delivered.push(message) } });
  const dispatch = createDispatch({ catalogue, db, switchDb, operatorDb, onCommitted: () => {} });
  const keys = (await bootstrap({ ownerUrl: database.ownerUrl })) ?? fail();
  const owner = new Client({ connectionString: database.ownerUrl });
  await owner.connect();
  const contexts = await contextsOf(owner);
  return {
    ...{ database, db, dispatch, delivered, relay, keys, owner },
    as: (role, tenant = 0) => fresh(contexts.get(`${keys.tenants[tenant]?.tenant_id}/${role}`) ?? fail()),
    get operator() {
      return fresh(contexts.get('platform/operator') ?? fail());
    },
    async stop() {
      await owner.end();
      await Promise.all([db.destroy(), switchDb.destroy(), operatorDb.destroy(), systemDb.destroy()]);
      await database.drop();
    },
  };
}

async function contextsOf(owner: Client): Promise<Map<string, ExecutionContext>> {
  const { rows } = await owner.query<{ tenant_id: string; identity: string; role: string }>(
    'select tenant_id, identity, role from iam_grants',
  );
  return new Map(rows.map(({ tenant_id, identity, role }) => [`${tenant_id}/${role}`, contextOf(tenant_id, identity)]));
}

export function contextOf(tenantId: string, keyId: string): ExecutionContext {
  return fresh({ tenantId, actor: { id: keyId, type: 'machine', keyId } });
}

function fresh(base: Pick<ExecutionContext, 'tenantId' | 'actor'>): ExecutionContext {
  const requestId = `req-${randomUUID().slice(0, 12)}`;
  return freezeContext({
    ...base,
    requestId,
    traceId: randomUUID().replaceAll('-', ''),
    runId: requestId,
    source: 'sdk',
  });
}

export function newKey(): string {
  return randomUUID();
}

function fail(): never {
  throw new Error('the test database was not bootstrapped');
}
