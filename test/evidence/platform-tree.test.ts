import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseVerifier } from '../../evidence/note';
import { verifyExport } from '../../evidence/verify/verify-export';
import { decided } from '../support/decided';
import { chunksOf } from '../support/evidence-file';
import { startTestStack, type TestStack } from '../support/stack';
import { runCommand } from '../unit/cli/run-command';

/** The tree of the platform: what the operator did, and what strangers were refused. */
let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
  await stack.operatorApi.post('/ops/tenants', { name: 'told in the tree of the platform' });
  await fetch(`${stack.url}/api/v1/planes`, { headers: { authorization: 'Bearer aos_of_a_stranger' } });
  const change = { scope: 'global', kind: 'degraded', reason: 'test' };
  for (const enabled of [true, false]) {
    await stack.operatorApi.post('/governance/kill-switch', { ...change, enabled });
  }
});
afterAll(() => stack.stop());

const download = (exportId: string, key: string) =>
  fetch(`${stack.url}/api/v1/exports/${exportId}/file`, { headers: { authorization: `Bearer ${key}` } });

async function exported(api = stack.operatorApi) {
  const made = await decided(() => api.post('/evidence/export'));
  expect(made).toMatchObject({ status: 201 });
  const { export_id: exportId } = made.body.data;
  const text = await (await download(exportId, api.apiKey)).text();
  const events = (JSON.parse(text).events as { bytes: string }[]).map(
    ({ bytes }) => JSON.parse(Buffer.from(bytes, 'base64').toString()) as { tenant_id: string; event_type: string },
  );
  return { exportId: exportId as string, text, events };
}

test('the operator exports it whole, and it holds nothing of a tenant', async () => {
  const { text, events } = await exported();
  const { body } = await stack.operatorApi.get('/audit/checkpoint');
  const keys = (body.data.public_keys as string[]).map(parseVerifier);
  expect(await verifyExport(chunksOf(text, 65_536), { keys })).toMatchObject({ ok: true, events: events.length });
  expect(new Set(events.map((event) => event.tenant_id))).toEqual(new Set(['platform']));
  const told = ['TenantCreated', 'AccessRefused', 'governance_degraded', 'governance_normal'];
  expect(events.map((event) => event.event_type)).toEqual(expect.arrayContaining(told));
});

test('it proves an event of its own to the operator, and to no tenant', async () => {
  await exported();
  const { body } = await stack.operatorApi.get('/audit/events?event_type=TenantCreated');
  const query = `/audit/proof/inclusion?event_id=${body.data.items[0].event_id}`;
  expect(await stack.operatorApi.get(query)).toMatchObject({ status: 200 });
  for (const role of ['admin', 'auditor'] as const) {
    expect(await stack.api(role).get(query)).toMatchObject({ status: 404 });
  }
});

test('no key of a tenant gets it, and the operator gets none of a tenant', async () => {
  const ofPlatform = (await exported()).exportId;
  for (const role of ['admin', 'auditor'] as const) {
    const api = stack.api(role);
    expect(await download(ofPlatform, api.apiKey)).toMatchObject({ status: 404 });
    expect(await api.get(`/exports/${ofPlatform}`)).toMatchObject({ status: 404 });
    const own = await exported(api);
    expect(new Set(own.events.map((event) => event.tenant_id))).toEqual(new Set([stack.keys.tenants[0]?.tenant_id]));
    expect(await download(own.exportId, stack.keys.operator_key)).toMatchObject({ status: 404 });
    expect(await stack.operatorApi.get(`/exports/${own.exportId}`)).toMatchObject({ status: 404 });
  }
  for (const role of ['developer', 'viewer'] as const) {
    expect(await download(ofPlatform, stack.api(role).apiKey)).toMatchObject({ status: 403 });
  }
  expect((await stack.operatorApi.get('/exports')).body.data.items[0].export_id).toBe(ofPlatform);
});

test('a tenant cannot make a key that would', async () => {
  expect(await stack.api().post('/api-keys', { name: 'higher', role: 'operator' })).toMatchObject({ status: 400 });
});

test('the key of a suspended tenant is refused', async () => {
  const ofPlatform = (await exported()).exportId;
  const { tenant_id: tenantId, admin_key: key = '' } = stack.keys.tenants[1] ?? {};
  await stack.owner.query(`update tenants set status = 'suspended' where tenant_id = $1`, [tenantId]);
  expect(await download(ofPlatform, key)).toMatchObject({ status: 403 });
  expect(await stack.api('admin', 1).post('/evidence/export')).toMatchObject({
    status: 403,
    body: { error: { code: 'tenant_suspended' } },
  });
});

test('`aos audit` writes and proves it with the key of the operator, and `aos verify` finds it whole', async () => {
  const env = { AOS_API_URL: stack.url, AOS_API_KEY: stack.keys.operator_key };
  const aos = (...args: string[]) => runCommand(args, { env, cwd: stack.folder });
  await writeFile(path.join(stack.folder, 'platform.note'), (await aos('audit', 'checkpoint')).stdout);
  await writeFile(path.join(stack.folder, 'platform.keys'), (await aos('audit', 'checkpoint', '--keys')).stdout);
  const write = () => aos('audit', 'export', '--out', 'platform.json', '--checkpoint', 'platform.note');
  expect(await decided(write)).toMatchObject({ exitCode: 0 });
  const proof = ['--checkpoint', 'platform.note', '--key', 'platform.keys'];
  const verified = await runCommand(['verify', 'platform.json', ...proof], { env: {}, cwd: stack.folder });
  expect(verified).toMatchObject({ exitCode: 0 });
  expect(verified.stdout).toContain('platform');
});
