import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createApiParts } from '../../api/parts';
import { hashKey } from '../../operations/identity/keys';
import { createReportRefusals, reportLeftovers } from '../../operations/limits/report-refusals';
import { ensureKeys } from '../../scripts/stack/keys';
import { contextIds } from '../../context';
import { createLogger } from '../../logger';
import { createDatabase } from '../../operations/transaction/database';
import { ApiClient } from '../support/api-client';
import { startTestOperations, type TestOperations } from '../support/operations';

type Parts = Awaited<ReturnType<typeof createApiParts>>;

let core: TestOperations;
const folders: string[] = [];
const apis: { url: string; server: Server; parts: Parts }[] = [];
beforeAll(async () => {
  core = await startTestOperations();
  for (let n = 0; n < 2; n += 1) apis.push(await startApi());
  // The first request takes longest, and nobody waits for a connection for ever: a flood must not begin with it.
  for (let n = 0; n < 2; n += 1) expect((await ask(n, core.keys.tenants[0]?.admin_key ?? '')).status).toBe(200);
});
afterAll(async () => {
  for (const { server, parts } of apis) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await parts.close();
  }
  await core.stop();
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
});

// Two of them stand for two processes: they share nothing but the database.
async function startApi() {
  const address = process.env.TEST_TEMPORAL_ADDRESS ?? '';
  const dataDir = await mkdtemp(path.join(tmpdir(), 'aos-limits-'));
  const keys = { masterKeyFile: path.join(dataDir, 'master.key'), signingKeyFile: path.join(dataDir, 'signing.pem') };
  await ensureKeys(keys);
  folders.push(dataDir);
  const logger = createLogger({ level: 'silent', process: 'test', ids: contextIds });
  const parts = await createApiParts(
    {
      dataDir,
      logLevel: 'silent',
      apiHost: '127.0.0.1',
      apiPort: 0,
      rates: { tenant: { requests: 100_000, seconds: 60 }, key: { requests: 50_000, seconds: 60 } },
      trustProxy: ['loopback'],
      mcpHosts: [],
      oidcIssuers: [],
      databaseAppUrl: core.database.appUrl,
      databaseSystemUrl: core.database.systemUrl,
      fileRoots: [],
      stdioServers: {},
      egressAllow: [],
      sealLagSecondsMax: 30,
      ...keys,
      embedder: undefined,
      embedderThreads: 1,
      taskQueue: 'aos-limits',
      databaseDirectUrl: undefined,
      testBarrier: undefined,
      temporal: { address, namespace: 'default', connection: { address } },
    },
    logger,
    { workflows: { workflowBundle: { codePath: process.env.TEST_WORKFLOW_BUNDLE ?? '' } } },
  );
  const server = createServer(parts.app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, parts };
}

function urlOf(n: number): string {
  return apis[n % apis.length]?.url ?? '';
}

async function newKey(tenant: 0 | 1 = 0): Promise<{ key_id: string; key: string }> {
  const admin = new ApiClient(urlOf(0), core.keys.tenants[tenant]?.admin_key ?? '');
  const { body } = await admin.post('/api-keys', { name: 'limited', role: 'admin' });
  return body.data as { key_id: string; key: string };
}

const operator = () => new ApiClient(urlOf(0), core.keys.operator_key);

// A window so long that nothing comes back while a test runs.
async function limit(subject_type: string, subject_id: string, requests: number, seconds = 86_400) {
  const answer = await operator().post('/ops/rate-limits', {
    ...{ subject_type, subject_id, requests, seconds, reason: 'test' },
  });
  expect(answer.status).toBe(200);
}

function ask(n: number, key: string, headers: Record<string, string> = {}) {
  return fetch(`${urlOf(n)}/api/v1/planes`, { headers: { authorization: `Bearer ${key}`, ...headers } });
}

async function audited(where: string, values: unknown[]): Promise<Record<string, unknown>[]> {
  const { rows } = await core.owner.query(
    `select action, error_code, evidence from audit_events where event_type = 'AccessRefused' and ${where}`,
    values,
  );
  return rows as Record<string, unknown>[];
}

test('of a hundred requests at once over two processes exactly ten are admitted, and one event tells of the others', async () => {
  const { key, key_id } = await newKey();
  await limit('key', key_id, 10);
  const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => ask(n, key)));
  const statuses = answers.map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(10);
  expect(statuses.filter((status) => status === 429)).toHaveLength(90);

  const refused = answers.find(({ status }) => status === 429) as Response;
  const body = (await refused.json()) as { error: Record<string, unknown> };
  expect(body.error).toMatchObject({
    category: 'policy',
    code: 'rate_limit_policy',
    reason: 'RATE_LIMIT_EXCEEDED',
    details: { limit: 'key', requests: 10, window_seconds: 86_400 },
  });
  const seconds = Number(body.error['retry_after_seconds']);
  expect(seconds).toBeGreaterThan(8_000);
  expect(seconds).toBeLessThanOrEqual(8_640);
  expect(refused.headers.get('retry-after')).toBe(String(seconds));
  expect(refused.headers.get('ratelimit-policy')).toBe('"tenant";q=100000;w=60, "key";q=10;w=86400');
  expect(refused.headers.get('ratelimit')).toMatch(/^"tenant";r=\d+;t=\d+, "key";r=0;t=\d+$/);

  const [first, ...more] = await audited('actor_id = $1', [key_id]);
  expect(more).toEqual([]);
  expect(first).toMatchObject({ action: 'door.refusals', error_code: 'rate_limit_policy' });
  const told = Number((first?.['evidence'] as { details: { count: number } }).details.count);
  const { rows } = await core.owner.query(`select refused::int as n from rate_limit_refusals where subject_id = $1`, [
    key_id,
  ]);
  expect(told + (rows[0] as { n: number }).n).toBe(90);
});

test('what a flood leaves is told a minute later, once, by whoever comes first', async () => {
  const { key, key_id } = await newKey();
  await limit('key', key_id, 1);
  for (let n = 0; n < 6; n += 1) await ask(n, key);
  const report = createReportRefusals(core.db);
  expect(await audited('actor_id = $1', [key_id])).toHaveLength(1);
  await core.owner.query(
    `update rate_limit_refusals set reported_at = reported_at - interval '1 minute' where subject_id = $1`,
    [key_id],
  );
  const systemDb = createDatabase({ url: core.database.systemUrl, connectionsMax: 1, applicationName: 'test' });
  await Promise.all([reportLeftovers(systemDb, report), reportLeftovers(systemDb, report)]);
  await systemDb.destroy();
  const counts = (await audited('actor_id = $1', [key_id])).map(
    ({ evidence }) => (evidence as { details: { count: number } }).details.count,
  );
  expect(counts.toSorted()).toEqual([1, 4]);
});

test('a bucket takes all or nothing, refills with time, and a clock that goes back gives nothing', async () => {
  const { key, key_id } = await newKey(1);
  const tenantId = core.keys.tenants[1]?.tenant_id ?? '';
  await core.owner.query(`delete from rate_limit_buckets where tenant_id = $1`, [tenantId]);
  const admit = async (second: number) => {
    const { rows } = await core.owner.query<{ admitted: number; key_tokens: number; tenant_tokens: number }>(
      `select * from aos_admit($1, 1, 2, 60, 3, 60, timestamptz '2030-01-01 00:00:00Z' + $2 * interval '1 second')`,
      [hashKey(key), second],
    );
    const [row] = rows;
    return [row?.admitted, round(row?.tenant_tokens), round(row?.key_tokens)];
  };
  expect(await admit(0)).toEqual([1, 2, 1]);
  expect(await admit(0)).toEqual([1, 1, 0]);
  expect(await admit(15)).toEqual([0, 1.75, 0.5]);
  expect(await admit(-5)).toEqual([0, 1, 0]);
  expect(await admit(30)).toEqual([1, 1.5, 0]);
  expect(await admit(20)).toEqual([0, 1.5, 0]);
  expect(await admit(90)).toEqual([1, 2, 1]);
  await core.owner.query(`delete from rate_limit_buckets where subject_id = $1`, [key_id]);
  expect(await admit(90)).toEqual([1, 1, 1]);
  expect(await admit(90)).toEqual([1, 0, 0]);
  await core.owner.query(`delete from rate_limit_buckets where tenant_id = $1`, [tenantId]);
});

function round(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value * 1000) / 1000;
}

test('a tenant that used its limit up starves no other, and still throws and releases switches', async () => {
  const { key } = await newKey(0);
  const { key: neighbour } = await newKey(1);
  const tenantId = core.keys.tenants[0]?.tenant_id ?? '';
  await limit('tenant', tenantId, 1);
  await Promise.all(Array.from({ length: 20 }, (_, n) => ask(n, key)));
  expect((await ask(0, key)).status).toBe(429);
  expect((await ask(1, neighbour)).status).toBe(200);

  const api = new ApiClient(urlOf(1), key);
  const change = { reason: 'test', scope: 'tenant', kind: 'degraded' };
  expect(await api.post('/governance/kill-switch', { ...change, enabled: true })).toMatchObject({ status: 200 });
  expect(await api.post('/governance/kill-switch', { ...change, enabled: false })).toMatchObject({ status: 200 });
  for (const open of ['/healthz', '/version', '/api/v1/openapi.json']) {
    expect((await fetch(`${urlOf(0)}${open}`)).status).toBe(200);
  }
  expect(await operator().delete(`/ops/rate-limits/tenant/${tenantId}`)).toMatchObject({ status: 200 });
  expect((await operator().get(`/ops/rate-limits/tenant/${tenantId}`)).body.data).toMatchObject({
    source: 'default',
    requests: 100_000,
  });
  const { rows } = await core.owner.query(
    `select evidence->>'from' as "from", evidence->>'to' as "to" from audit_events
     where event_type = 'RateLimitChanged' and resource_id = $1 order by ordinal`,
    [tenantId],
  );
  expect(rows).toEqual([
    { from: null, to: '1 per 86400 s' },
    { from: '1 per 86400 s', to: null },
  ]);
});

test('a flood without a valid key, from one address or from many, leaves a bounded number of events', async () => {
  const since = new Date();
  const flood = (size: number, address: (n: number) => string) =>
    Promise.all(Array.from({ length: size }, (_, n) => ask(n, `aos_wrong_${n}`, { 'x-forwarded-for': address(n) })));
  const before = (await audited(`tenant_id = 'platform' and recorded_at >= $1`, [since])).length;
  const answers = await flood(100, () => '198.51.100.7');
  expect(answers.every(({ status }) => status === 401)).toBe(true);
  const ofOne = (await audited(`tenant_id = 'platform' and recorded_at >= $1`, [since])).length - before;
  // Tokens come back while it lasts: one a second for an address, five for all of them.
  const seconds = () => Math.ceil((Date.now() - since.getTime()) / 1_000);
  expect(ofOne).toBeLessThanOrEqual(62 + seconds());
  // Addresses of one /64 count as one.
  await flood(100, (n) => `2001:db8::${n.toString(16)}`);
  await flood(400, (n) => `203.0.113.${n % 250}`);
  const events = await audited(`tenant_id = 'platform' and recorded_at >= $1`, [since]);
  expect(events.length).toBeLessThan(400 + 5 * seconds());
  expect(events.some(({ action }) => action === 'door.refusals')).toBe(true);
  const { rows } = await core.owner.query(
    `select count(*)::int as n from rate_limit_buckets where subject_type = 'address'`,
  );
  expect((rows[0] as { n: number }).n).toBeLessThan(320 + 5 * seconds());
});

test('only the operator sets limits, for what there is', async () => {
  const { key, key_id } = await newKey();
  const admin = new ApiClient(urlOf(0), key);
  const body = { subject_type: 'key', subject_id: key_id, requests: 1, seconds: 1, reason: 'test' };
  expect(await admin.post('/ops/rate-limits', body)).toMatchObject({ status: 403 });
  expect(await operator().post('/ops/rate-limits', { ...body, subject_id: 'key_none' })).toMatchObject({ status: 404 });
  expect(await operator().post('/ops/rate-limits', { ...body, requests: 0 })).toMatchObject({ status: 400 });
  expect(await operator().delete(`/ops/rate-limits/key/${key_id}`)).toMatchObject({ status: 404 });
  await limit('key', key_id, 7, 1);
  expect((await operator().get('/ops/rate-limits')).body.data.items).toContainEqual(
    expect.objectContaining({ subject_type: 'key', subject_id: key_id, requests: 7, seconds: 1, source: 'override' }),
  );
});

test('only who may throw is free of limits on the routes of throws: refusals of others are bounded', async () => {
  const admin = new ApiClient(urlOf(0), core.keys.tenants[0]?.admin_key ?? '');
  const { body } = await admin.post('/api-keys', { name: 'no thrower', role: 'viewer' });
  const { key, key_id: keyId } = body.data as { key: string; key_id: string };
  await limit('key', keyId, 2);
  const viewer = new ApiClient(urlOf(0), key);
  const tenantKill = { enabled: true, reason: 'mine', scope: 'tenant' };
  const statuses: number[] = [];
  for (let calls = 0; calls < 8; calls += 1) {
    statuses.push((await viewer.post('/governance/kill-switch', tenantKill)).status);
  }
  expect(statuses).toEqual([403, 403, 429, 429, 429, 429, 429, 429]);
  const { rows } = await core.owner.query(
    `select error_code from audit_events where actor_id = $1 and event_type = 'AccessRefused' order by ordinal`,
    [keyId],
  );
  expect(rows.map(({ error_code: code }: { error_code: string }) => code)).toEqual([
    ...['authorization_failed', 'authorization_failed', 'rate_limit_policy'],
  ]);
});
