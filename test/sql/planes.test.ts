import type { SqlConnections } from '../../contracts/sql-connections';
import { ask } from '../support/active-plane';
import type { ApiClient } from '../support/api-client';
import { activate, aPolicyFor, transition, waitForState } from '../support/planes';
import { createSourceDatabase, password, type SourceDatabase } from '../support/source-database';
import { startTestStack, type TestStack } from '../support/stack';
import { until } from '../support/until';

let db: SourceDatabase;
let stack: TestStack;
let api: ApiClient;
let other: ApiClient;
beforeAll(async () => {
  db = await createSourceDatabase(`
    create table articles (id int primary key, owner text not null, title text, body text);
    create table slow (id int primary key)`);
  stack = await startTestStack({ sqlConnections: (core) => connectionsFor(core.keys.tenants[0]?.tenant_id ?? '') });
  [api, other] = [stack.api(), stack.api('admin', 1)];
  const [own, foreign] = stack.keys.tenants.map(({ tenant_id }) => tenant_id);
  await db.admin.query(
    `insert into articles select n, case when n % 2 = 0 then $2 else $1 end, 'Article ' || n,
       'The lighthouse number ' || n || ' is painted blue.' from generate_series(1, 300) n`,
    [own, foreign],
  );
  await db.admin.query('insert into slow values (1)');
});
afterAll(async () => {
  await stack.stop();
  await db.drop();
});

function connectionsFor(tenantId: string): SqlConnections {
  return {
    crm: { ...db.reader, tenants: [tenantId] },
    wrong: { ...db.reader, password: 'wrong' },
  };
}

const columns = { id: 'id', content: 'body', metadata: ['title'] };
const template = {
  name: 'articles',
  sql: 'select id, title, body from articles where owner = :tenant_id and id <= :last',
  parameters: { last: { type: 'int', min: 1, max: 1000, default: 1000 } },
  columns,
};

async function aTemplate(body: object = template, from = api): Promise<string> {
  const answer = await from.post('/sql-templates', body);
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
  return answer.body.data.template_id;
}

const aPlane = (name: string, config: object, extra: object = {}, from = api) =>
  from.post('/planes', { name, sources: [{ source_type: 'sql', name: 'articles', config }], ...extra });

async function failedWith(planeId: string, from = api): Promise<string> {
  await until(async () => {
    const { body } = await from.get(`/planes/${planeId}`);
    return body.data.state === 'DRAFT' && body.data.active_job_id === null;
  });
  return (await from.get(`/planes/${planeId}`)).body.data.status_reason;
}

test('the rows of a tenant are onboarded to ACTIVE and answer a question', async () => {
  const templateId = await aTemplate();
  const { status, body } = await aPlane(
    'articles',
    { connection_ref: 'crm', template_id: templateId },
    { onboard: true },
  );
  expect(status).toBe(201);
  const planeId = body.data.plane_id;
  await waitForState(api, planeId, 'PENDING_ACTIVATE');
  await aPolicyFor(api, planeId);
  await activate(api, planeId);
  const answer = await ask(api, planeId, 'which colour is the lighthouse number 17?');
  expect(answer.status).toBe(200);
  expect(answer.body.data.hits[0].text).toContain('is painted blue');
  const count = async () => (await api.get(`/planes/${planeId}`)).body.data.document_count;
  // Half of the rows are another owner's, and the owner is the tenant of the key.
  expect(await count()).toBe(150);

  const logs = stack.logLines.join('\n') + JSON.stringify((await api.get(`/planes/${planeId}`)).body);
  expect(logs).not.toContain(password);
  const { rows } = await stack.owner.query(
    `select count(*)::int as n from audit_events
    where encode(payload_bytes, 'escape') like '%' || $1 || '%'`,
    [password],
  );
  expect(rows).toEqual([{ n: 0 }]);
});

test('a template is a version of its name, never changes, and can be retired once', async () => {
  const key = 'same-key';
  const body = { ...template, name: 'versions' };
  const first = await api.post('/sql-templates', body, { key });
  const again = await api.post('/sql-templates', body, { key });
  const second = await api.post('/sql-templates', { ...body, sql: `${body.sql} and true` });
  expect(again.body.data).toEqual(first.body.data);
  expect([first, second].map(({ body }) => body.data.template_version)).toEqual([1, 2]);
  const id = first.body.data.template_id;
  await expect(stack.owner.query(`set role aos_app; update sql_templates set sql = 'x'`)).rejects.toMatchObject({
    code: '42501',
  });
  await stack.owner.query('reset role');

  const path = `/sql-templates/${id}`;
  expect((await other.get(path)).status).toBe(404);
  expect((await other.delete(path)).status).toBe(404);
  expect((await other.get('/sql-templates')).body.data.items).toEqual([]);
  expect((await api.delete(path)).status).toBe(200);
  expect((await api.delete(path)).status).toBe(404);
  expect((await api.get(path)).body.data.status).toBe('retired');
  expect((await api.post('/sql-templates', body, { key })).body.data).toEqual(first.body.data);
  const { rows } = await stack.owner.query(
    `select event_type from audit_events where resource_id = $1 order by ordinal`,
    [id],
  );
  expect(rows.map(({ event_type }) => event_type)).toEqual(['SqlTemplateRegistered', 'SqlTemplateRetired']);
});

test('a plane names an active template of its own tenant, with parameters that fit', async () => {
  const templateId = await aTemplate({ ...template, name: 'own', connection_ref: 'crm' });
  const foreign = await aTemplate({ ...template, name: 'own' }, other);
  const retired = await aTemplate({ ...template, name: 'retired' });
  await api.delete(`/sql-templates/${retired}`);
  const crm = { connection_ref: 'crm' };
  const answers = [
    await aPlane('p1', { ...crm, template_id: foreign }),
    await aPlane('p2', { ...crm, template_id: retired }),
    await aPlane('p3', { ...crm, template_id: 'sqlt_000000000000' }),
    await aPlane('p4', { ...crm, template_id: templateId, params: { last: 0 } }),
    await aPlane('p5', { ...crm, template_id: templateId, params: { tenant_id: 'x' } }),
    await aPlane('p6', { connection_ref: 'wrong', template_id: templateId }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 400, 400, 400]);
  const messages = answers.slice(0, 3).map(({ body }) => body.error.message);
  expect(new Set(messages).size).toBe(1);
});

test('what verification finds ends the job with a reason and no secret', async () => {
  const templateId = await aTemplate({ ...template, name: 'verified' });
  const foreignId = await aTemplate({ ...template, name: 'verified' }, other);
  const missing = await aTemplate({
    ...template,
    name: 'missing',
    sql: 'select id, title, body from nothing where :last > 0',
  });
  const reasonOf = async (name: string, config: object) => {
    const { body } = await aPlane(name, config);
    await transition(api, body.data.plane_id, 'verify_knowledge_plane');
    return failedWith(body.data.plane_id);
  };
  expect(await reasonOf('v1', { connection_ref: 'wrong', template_id: templateId })).toMatch(/user or password/);
  expect(await reasonOf('v2', { connection_ref: 'crm', template_id: missing })).toMatch(/42P01/);
  const unknown = await reasonOf('v3', { connection_ref: 'unknown', template_id: templateId });
  const { body } = await aPlane('v4', { connection_ref: 'crm', template_id: foreignId }, {}, other);
  await transition(other, body.data.plane_id, 'verify_knowledge_plane');
  const foreign = await failedWith(body.data.plane_id, other);
  expect(foreign.replace('crm', 'unknown')).toBe(unknown);
});

test('a kill ends the query at the far side', async () => {
  const templateId = await aTemplate({
    name: 'slow',
    sql: 'select id, pg_sleep(29)::text as s from slow',
    columns: { id: 'id' },
  });
  const { body } = await aPlane('slow', { connection_ref: 'crm', template_id: templateId });
  const planeId = body.data.plane_id;
  await transition(api, planeId, 'verify_knowledge_plane');
  await waitForState(api, planeId, 'VERIFIED');
  await transition(api, planeId, 'ingest_knowledge_plane');
  const isRunning = async () =>
    (await db.sessions()).some(({ state, query }) => state === 'active' && /^fetch/.test(query));
  await until(isRunning);
  const kill = { enabled: true, kind: 'kill', scope: 'plane', scope_id: planeId, reason: 'test' };
  expect((await api.post('/governance/kill-switch', kill)).status).toBe(200);
  await until(async () => !(await isRunning()), { limitMs: 20_000 });
  const { rows } = await stack.owner.query(`select count(*)::int as n from knowledge_documents where plane_id = $1`, [
    planeId,
  ]);
  expect(rows).toEqual([{ n: 0 }]);
});
