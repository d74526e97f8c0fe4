import { rename } from 'node:fs/promises';
import path from 'node:path';
import type { ApiClient } from '../support/api-client';
import { startTestStack, type TestStack } from '../support/stack';
import { until } from '../support/until';

let stack: TestStack;

beforeAll(async () => {
  stack = await startTestStack();
});
afterAll(() => stack?.stop());

const planes = () => stack.api().get('/planes');
const boot = async () => (await stack.api().get('/governance/boot-status')).body.data;

/** The boot status as soon as all is well: each part has some seconds to answer, and a busy machine takes more. */
async function wellBoot() {
  let status: Awaited<ReturnType<typeof boot>>;
  await until(async () => (status = await boot()).healthy, { what: 'an installation that is well' });
  return status;
}

test('the boot status names every part, and all of them are well', async () => {
  const { healthy, components } = await wellBoot();
  const names = ['database', 'roles', 'migrations', 'audit_triggers', 'row_security', 'audit_partitions', 'outbox'];
  names.push('namespace', 'workers', 'object_store', 'vector_store', 'embedder', 'egress_guard', 'master_key');
  expect(components).toMatchObject(Object.fromEntries(names.map((name) => [name, { healthy: true }])));
  expect(healthy).toBe(true);
});

test('a kill switch that counts for everybody is a warning, not a fault; that of a tenant is nobody else’s to see', async () => {
  const turn = (api: ApiClient, scope: string, enabled: boolean) =>
    api.post('/governance/kill-switch', { scope, reason: 'drill', enabled });
  await turn(stack.operatorApi, 'global', true);
  const { components } = await wellBoot();
  expect(components.switches).toMatchObject({ healthy: true, message: expect.stringContaining('warning') });
  await turn(stack.operatorApi, 'global', false);

  await turn(stack.api('admin', 1), 'tenant', true);
  expect((await boot()).components.switches).toEqual({ healthy: true });
  await turn(stack.api('admin', 1), 'tenant', false);
});

test('while a part is missing nothing is done, but work can still be stopped', async () => {
  await stack.owner.query('alter table policy_snapshots disable trigger append_only');
  await until(async () => (await planes()).status === 503);
  const kill = { scope: 'tenant', reason: 'stop at least' };
  expect(await stack.api().post('/governance/kill-switch', { ...kill, enabled: true })).toMatchObject({ status: 200 });
  expect(await stack.api().post('/governance/kill-switch', { ...kill, enabled: false })).toMatchObject({ status: 200 });
  await stack.owner.query('alter table policy_snapshots enable trigger append_only');
  await until(async () => (await planes()).status === 200);
});

const faults = [
  {
    component: 'audit_triggers',
    names: 'policy_snapshots',
    harm: 'alter table policy_snapshots disable trigger append_only',
    mend: 'alter table policy_snapshots enable trigger append_only',
  },
  {
    component: 'row_security',
    names: 'knowledge_planes',
    harm: 'alter table knowledge_planes no force row level security',
    mend: 'alter table knowledge_planes force row level security',
  },
];

test('without its guards nothing is served but what tells why', async () => {
  expect((await planes()).status).toBe(200);
  for (const { harm } of faults) await stack.owner.query(harm);
  await until(async () => (await planes()).body.error?.details?.components?.length === faults.length, {
    what: 'the guard to look again',
  });
  const { status, body } = await planes();
  expect(status).toBe(503);
  expect(body.error).toMatchObject({
    code: 'service_unavailable',
    reason: 'SERVICE_UNAVAILABLE',
    details: { components: faults.map(({ component }) => component) },
  });
  for (const open of ['/healthz', '/readyz', '/version', '/metrics', '/docs', '/api/v1/openapi.json']) {
    expect([open, (await fetch(`${stack.url}${open}`)).status]).toEqual([open, 200]);
  }
  const { healthy, components } = await boot();
  expect(healthy).toBe(false);
  for (const { component, names } of faults) {
    expect(components[component]).toMatchObject({ healthy: false, message: expect.stringContaining(names) });
  }

  for (const { mend } of faults) await stack.owner.query(mend);
  await until(async () => (await planes()).status === 200, { what: 'the guard to open again' });
});

test('a master key that cannot be read is named', async () => {
  const file = path.join(stack.folder, 'master.key');
  await rename(file, `${file}.away`);
  expect((await boot()).components.master_key).toMatchObject({ healthy: false });
  await rename(`${file}.away`, file);
  expect((await boot()).components.master_key).toMatchObject({ healthy: true });
});
