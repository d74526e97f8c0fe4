import { Client } from 'pg';
import { startTestOperations, type TestOperations } from '../support/operations';

let core: TestOperations;
let app: Client;
let own: string;
let foreign: string;
beforeAll(async () => {
  core = await startTestOperations();
  [own = '', foreign = ''] = core.keys.tenants.map(({ tenant_id }) => tenant_id);
  app = new Client({ connectionString: core.database.appUrl });
  await app.connect();
});
afterAll(async () => {
  await app.end();
  await core.stop();
});

async function asTenant(tenant: string, sql: string, values: unknown[] = []): Promise<string> {
  await app.query('begin');
  try {
    await app.query(`select set_config('aos.tenant', $1, true)`, [tenant]);
    return `${(await app.query(sql, values)).rowCount} rows`;
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    await app.query('rollback');
  }
}

const refused = '42501';
const insertSwitch = `insert into runtime_switches
  (switch_id, kind, scope_type, scope_id, tenant_id, owner, enabled, epoch, reason, actor_id, actor_type)
  values ('sw_x', 'kill', $1, $2, $3, $4, true, 1, 'r', 'a', 'human')`;

test('a tenant writes no rows of another tenant, of the operator, or of nobody', async () => {
  const writes: [string, unknown[]][] = [
    [insertSwitch, ['tenant', foreign, foreign, 'tenant']],
    [insertSwitch, ['global', null, null, 'operator']],
    [`insert into iam_grants (tenant_id, identity, role, granted_by) values ($1, 'k', 'operator', 'x')`, ['platform']],
    [`insert into iam_grants (tenant_id, identity, role, granted_by) values ($1, 'k', 'admin', 'x')`, [foreign]],
    [`insert into event_outbox (tenant_id, topic, workflow_id, payload) values ($1, 't', 'w', '{}')`, [foreign]],
    [`insert into tenants (tenant_id, name) values ('ten_x', 'x')`, []],
    [
      `insert into policy_snapshot_status (snapshot_id, tenant_id, status, changed_by) values ('s', $1, 'active', 'x')`,
      [foreign],
    ],
  ];
  for (const [sql, values] of writes) expect(`${await asTenant(own, sql, values)} ${sql}`).toBe(`${refused} ${sql}`);
  expect(await asTenant(own, insertSwitch, ['tenant', own, own, 'tenant'])).toBe('1 rows');
});

test('a tenant moves none of its rows to another and changes none of another', async () => {
  expect(await asTenant(own, 'update api_keys set tenant_id = $1', [foreign])).toBe(refused);
  expect(await asTenant(own, `update api_keys set name = 'x' where tenant_id = $1`, [foreign])).toBe('0 rows');
  expect(await asTenant('', 'select * from tenants')).toBe('0 rows');
  expect(await asTenant('', 'select * from runtime_switches')).toBe('0 rows');
});

test('neither audit partitions nor the list of migrations are within reach', async () => {
  const { rows } = await core.owner.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'audit_partitions'::regnamespace and relkind = 'r'`,
  );
  expect(rows.length).toBeGreaterThan(3);
  for (const { name } of rows) {
    expect(await asTenant(own, `select * from audit_partitions.${name}`)).toBe(refused);
  }
  for (const statement of [
    'delete from audit_events',
    'update audit_events set outcome = $$x$$',
    'truncate audit_events',
  ]) {
    expect(await asTenant(own, statement)).toBe(refused);
  }
  const { rows: made } = await core.owner.query(`select to_regclass('public._prisma_migrations') is not null as made`);
  if (made[0].made) expect(await asTenant(own, 'select * from _prisma_migrations')).toBe(refused);
});
