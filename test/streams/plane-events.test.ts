import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { Client } from 'pg';
import { openEventStream, type SeenEvent } from '../support/event-stream';
import { onboardFolder } from '../support/file-planes';
import { closeVectors } from '../support/gates';
import { writeDocuments } from '../support/generated-documents';
import { activate, anUploadPlane, aPolicyFor, transition, waitForState } from '../support/planes';
import { useOwnPostgres, type StartedPostgres } from '../support/postgres';
import { startTestStack, type TestStack } from '../support/stack';
import { until } from '../support/until';

let postgres: StartedPostgres;
let stack: TestStack;
beforeAll(async () => {
  postgres = await useOwnPostgres();
  stack = await startTestStack();
  await writeDocuments(path.join(stack.folder, 'notes'), 60);
});
afterAll(async () => {
  await stack?.stop();
  await postgres?.stop();
});

const tenant = (n: 0 | 1 = 0) => stack.keys.tenants[n] ?? fail();
const follow = (planeId: string, more: Partial<Parameters<typeof openEventStream>[0]> = {}) =>
  openEventStream({ url: stack.url, apiKey: tenant().admin_key, planeId, ...more });
const onboard = (name: string, extra: { onboard?: boolean } = {}) =>
  onboardFolder(stack.api(), { name, folder: path.join(stack.folder, 'notes'), ...extra });
const lifecycle = (seen: readonly SeenEvent[]) => seen.filter(({ event }) => event === 'lifecycle');
const progress = (seen: readonly SeenEvent[]) => seen.filter(({ event }) => event === 'job.progress.updated');
const idsOf = (seen: readonly SeenEvent[]) => lifecycle(seen).map(({ data }) => data.event_id as string);

function fail(): never {
  throw new Error('the stack has no tenant');
}

/** What is on record of a plane, in the order in which a stream tells it. */
async function recorded(planeId: string): Promise<string[]> {
  const { rows } = await stack.owner.query<{ event_id: string }>(
    `select event_id from audit_events where plane_id = $1 and event_category in ('lifecycle', 'governance')
      order by xact_id, ordinal`,
    [planeId],
  );
  return rows.map(({ event_id }) => event_id);
}

/** A repeatable draw, whose seed is printed so that a failure can be had again. */
function draws(): () => number {
  let state = Number(process.env.TEST_SEED ?? randomBytes(3).readUIntBE(0, 3)) >>> 0;
  process.stdout.write(`TEST_SEED=${state}\n`);
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test('a connection that is cut again and again loses nothing and tells nothing twice', async () => {
  const planeId = await onboard('cut');
  const draw = draws();
  const all: SeenEvent[] = [];
  let lastEventId = '0';
  let isActive = false;
  const work = (async () => {
    await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
    await aPolicyFor(stack.api(), planeId);
    await activate(stack.api(), planeId);
  })();
  let connections = 0;
  while (!isActive) {
    connections += 1;
    let left = Math.ceil(draw() * 3);
    const stream = await follow(planeId, {
      lastEventId,
      onEvent(each, close) {
        all.push(each);
        lastEventId = each.id ?? lastEventId;
        isActive = each.event === 'job.progress.updated' && each.data.state.state === 'ACTIVE';
        if ((left -= 1) === 0 || isActive) close();
      },
    });
    await stream.ended;
  }
  await work;
  expect(connections).toBeGreaterThan(5);
  expect(idsOf(all)).toEqual(await recorded(planeId));
  const told = lifecycle(all).map(({ data }) => data.event_type as string);
  expect(told[0]).toBe('PlaneRegistered');
  expect(told).toEqual(
    expect.arrayContaining([
      'LIFECYCLE_TRANSITION',
      'LIFECYCLE_JOB_STARTED',
      'LIFECYCLE_JOB_COMPLETED',
      'PlaneGoverned',
    ]),
  );
  // Progress never says what the events before it have not told.
  const end = all.findIndex(({ data }) => data.to_state === 'ACTIVE');
  expect(all.findIndex(({ data }) => data.state?.state === 'ACTIVE')).toBeGreaterThan(end);
  expect(all.at(-1)?.data).toMatchObject({ overall_percentage: 100, completed_stages: 5, estimated_completion: null });
  const percentages = all.flatMap(({ data }) => (data.overall_percentage === undefined ? [] : [data]));
  for (const { overall_percentage, completed_stages } of percentages) {
    expect(overall_percentage === 100).toBe(completed_stages === 5);
  }
});

test('what a slower transaction wrote first is told when it commits, in its place', async () => {
  const { planeId } = await anUploadPlane(stack.api(), 'slow transaction');
  const stream = await follow(planeId, { query: '?last_event_id=0' });
  await until(() => idsOf(stream.seen).length === 1);
  const slow = new Client({ connectionString: stack.database.ownerUrl });
  await slow.connect();
  const append = (client: Client, eventId: string) =>
    client.query(
      `insert into audit_events (tenant_id, event_id, event_type, event_category, action, outcome, plane_id,
         integrity_hash, leaf_hash, occurred_at, evidence)
       values ($1, $2, 'LIFECYCLE_TRANSITION', 'lifecycle', 'test', 'success', $3, '', '', now(), '{}')`,
      [tenant().tenant_id, eventId, planeId],
    );
  await slow.query('begin');
  await append(slow, 'evt_first');
  await append(stack.owner, 'evt_second');
  // The plane changes too, so that its progress is told although the events wait.
  const wanted = 'retry_knowledge_plane';
  await stack.owner.query(`update knowledge_planes set next_action = $2, updated_at = now() where plane_id = $1`, [
    planeId,
    wanted,
  ]);
  await until(() => progress(stream.seen).at(-1)?.data.state.next_action === wanted);
  expect(idsOf(stream.seen)).toHaveLength(1);
  await slow.query('commit');
  await slow.end();
  await until(() => idsOf(stream.seen).length === 3);
  expect(idsOf(stream.seen).slice(1)).toEqual(['evt_first', 'evt_second']);
  stream.close();
});

test('a kill thrown while a stage works is told, and how the stage ended', async () => {
  const vectors = await closeVectors(stack, tenant().tenant_id);
  const planeId = await onboard('killed');
  const stream = await follow(planeId);
  const isIndexing = () =>
    progress(stream.seen).some(({ data }) => data.current_stage === 'index' && data.stages[2].status === 'running');
  await until(isIndexing);
  await stack
    .api()
    .post('/governance/kill-switch', { scope: 'plane', scope_id: planeId, enabled: true, reason: 'drill' });
  const told = () => lifecycle(stream.seen).map(({ data }) => data.event_type as string);
  await until(() => told().includes('job.killed_by_switch'));
  expect(told()).toContain('governance_disabled');
  await until(() => progress(stream.seen).at(-1)?.data.state.next_action === 'retry_knowledge_plane');
  expect(progress(stream.seen).at(-1)?.data).toMatchObject({
    current_stage: 'index',
    estimated_completion: null,
    stages: [{ status: 'completed' }, { status: 'completed' }, { stage: 'index', status: 'failed' }, {}, {}],
    state: { active_job_id: null, last_job: { status: 'killed' } },
  });
  stream.close();
  await vectors.open();
  await stack
    .api()
    .post('/governance/kill-switch', { scope: 'plane', scope_id: planeId, enabled: false, reason: 'over' });
});

test('a key that is revoked hears that it is, and nothing after', async () => {
  const { planeId } = await anUploadPlane(stack.api(), 'revoked');
  const { key, key_id: keyId } = (await stack.api().post('/api-keys', { name: 'short', role: 'viewer' })).body.data;
  const stream = await follow(planeId, { apiKey: key });
  await until(() => stream.seen.length >= 1);
  await stack.api().delete(`/api-keys/${keyId}`);
  let n = 0;
  await Promise.race([
    stream.ended,
    until(async () => {
      await stack.owner.query(`update knowledge_planes set description = $2, updated_at = now() where plane_id = $1`, [
        planeId,
        String((n += 1)),
      ]);
      return stream.seen.some(({ event }) => event === 'end');
    }),
  ]);
  await stream.ended;
  expect(stream.seen.at(-1)).toMatchObject({ event: 'end', data: { code: 'authentication_failed' } });
  expect((await follow(planeId, { apiKey: key })).status).toBe(401);
  const { rows } = await stack.owner.query(
    `select count(*)::int as n from audit_events where action = 'lifecycle.events' and event_type = 'AccessRefused'`,
  );
  expect(rows[0].n).toBeGreaterThanOrEqual(2);
});

test('a purged plane ends its stream', async () => {
  const { planeId } = await anUploadPlane(stack.api(), 'purged');
  const stream = await follow(planeId);
  await until(() => stream.seen.length >= 1);
  await stack.owner.query(
    `update knowledge_planes set status = 'purged', lifecycle_state_value = 400 where plane_id = $1`,
    [planeId],
  );
  await stream.ended;
  expect(stream.seen.at(-1)).toMatchObject({ event: 'end', data: { code: 'resource_not_found' } });
  expect(progress(stream.seen).at(-1)?.data.state.state).toBe('PURGED');
});

test('what cannot begin is refused in the envelope', async () => {
  const { planeId } = await anUploadPlane(stack.api(), 'refusals');
  expect(await follow(planeId, { apiKey: tenant(1).admin_key })).toMatchObject({
    status: 404,
    refusal: { success: false, error: { code: 'resource_not_found', reason: 'PLANE_NOT_FOUND' } },
  });
  for (const lastEventId of ['x', '1', '1-2-3', '-1-0', `${2n ** 64n}-0`, `1-${2n ** 63n}`, '0 or 1=1']) {
    const refused = { status: 400, refusal: { error: { code: 'invalid_input' } } };
    expect(await follow(planeId, { lastEventId })).toMatchObject(refused);
    expect(await follow(planeId, { query: `?last_event_id=${encodeURIComponent(lastEventId)}` })).toMatchObject(
      refused,
    );
  }
  const head = await fetch(`${stack.url}/api/v1/lifecycle/${planeId}/events`, {
    method: 'HEAD',
    headers: { authorization: `Bearer ${tenant().admin_key}` },
  });
  expect(head.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
});

test('a place of another database is no place here: the stream begins now', async () => {
  const { planeId } = await anUploadPlane(stack.api(), 'foreign');
  const stream = await follow(planeId, { lastEventId: '9000000000000000000-1' });
  // Events that a slower transaction of another has held back may come first.
  await until(() => stream.seen.some(({ event }) => event === 'job.progress.updated'));
  await transition(stack.api(), planeId, 'fail_knowledge_plane');
  await until(() => (lifecycle(stream.seen).at(-1)?.data as { to_state?: string } | undefined)?.to_state === 'FAILED');
  stream.close();
});

test('a key has so many streams at most, and one that ends makes room', async () => {
  const { planeId } = await anUploadPlane(stack.api(), 'many');
  const apiKey = tenant().viewer_key;
  const streams = await Promise.all(Array.from({ length: 50 }, () => follow(planeId, { apiKey })));
  expect(streams.filter(({ status }) => status === 200)).toHaveLength(50);
  const refused = await follow(planeId, { apiKey });
  expect(refused).toMatchObject({ status: 429, refusal: { error: { code: 'rate_limited' } } });
  expect(refused.headers.get('retry-after')).toBe('10');
  streams[0]?.close();
  await until(async () => {
    const next = await follow(planeId, { apiKey });
    next.close();
    return next.status === 200;
  });
  streams.forEach(({ close }) => close());
});
