import { randomBytes, randomUUID } from 'node:crypto';
import path from 'node:path';
import { workBarriers } from '../../barriers';
import { createDatabase } from '../../operations/transaction/database';
import { sweepEffects } from '../../operations/maintenance/sweep-effects';
import { ApiClient, type ApiAnswer } from '../support/api-client';
import type { AosProcess } from '../support/aos-process';
import { planeOver } from '../support/file-planes';
import { writeDocuments } from '../support/generated-documents';
import { countStoredChunks, visibleChunks } from '../support/indexed-chunks';
import { startProcessStack, type ProcessStack } from '../support/process-stack';
import { until } from '../support/until';

const documentCount = 60;
const planeCount = 4;
const killCount = 3;
type Api = AosProcess & { readonly url: string };

let stack: ProcessStack;
let adminKey: string;
let isOver = false;
const apis: Api[] = [];
const workers: AosProcess[] = [];

beforeAll(async () => {
  stack = await startProcessStack();
  adminKey = stack.keys.tenants[0]?.admin_key ?? '';
  await writeDocuments(path.join(stack.folder, 'notes'), documentCount, 'Write to heron@mail.example');
});
afterAll(() => stack?.stop());

/** A repeatable draw, whose seed is printed so that a failure can be had again. */
function draws(): (below: number) => number {
  let state = Number(process.env.TEST_SEED ?? randomBytes(3).readUIntBE(0, 3)) >>> 0;
  process.stdout.write(`TEST_SEED=${state}\n`);
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const client = (which: number) => new ApiClient(apis[which % 2]?.url ?? '', adminKey);

/** Asks until there is an answer that is not of the moment; the key makes asking again harmless. */
async function persist(which: number, call: (api: ApiClient) => Promise<ApiAnswer>): Promise<ApiAnswer> {
  let answer: ApiAnswer | undefined;
  let turn = which;
  await until(
    async () => {
      // The other API, when this one is away.
      answer = await call(client(turn++)).catch(() => undefined);
      return answer !== undefined && answer.status < 500 && answer.body?.error?.reason !== 'in_progress';
    },
    { what: 'an answer' },
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}; the last was ${JSON.stringify(answer?.body ?? null)}`);
  });
  return answer as ApiAnswer;
}

/** The same request to both APIs under one key: one answer. */
async function twice(call: (api: ApiClient, key: string) => Promise<ApiAnswer>): Promise<ApiAnswer> {
  const key = randomUUID();
  const [one, other] = await Promise.all([0, 1].map((which) => persist(which, (api) => call(api, key))));
  const told = ({ status, body }: ApiAnswer) => ({ status, data: body.data, reason: body.error?.reason });
  expect(told(one as ApiAnswer)).toEqual(told(other as ApiAnswer));
  return one as ApiAnswer;
}

const stateOf = async (planeId: string) =>
  (await persist(0, (api) => api.get(`/lifecycle/${planeId}/state`))).body.data;

const transition = (planeId: string, action: string) =>
  twice((api, key) => api.post(`/lifecycle/${planeId}/transition`, { action, reason: 'test' }, { key }));

/** Waits until no job is at work; one that ended otherwise than completed is begun again. */
async function settle(planeId: string, state: string): Promise<void> {
  await until(
    async () => {
      const seen = await stateOf(planeId);
      if (seen.active_job_id !== null) return false;
      if (seen.state === state) return true;
      expect(['completed', 'killed', 'failed']).toContain(seen.last_job.status);
      if (seen.last_job.status !== 'completed') {
        expect(seen).toMatchObject({
          next_action: 'retry_knowledge_plane',
          last_job: { error_code: expect.any(String) },
        });
        await transition(planeId, 'retry_knowledge_plane');
      }
      return false;
    },
    { what: `${planeId} in ${state}`, limitMs: 180_000 },
  );
}

async function drill(planeId: string): Promise<void> {
  const setSwitch = (enabled: boolean) =>
    twice((api, key) =>
      api.post('/governance/kill-switch', { enabled, scope: 'plane', scope_id: planeId, reason: 'drill' }, { key }),
    );
  expect(await setSwitch(true)).toMatchObject({ status: 200 });
  await until(async () => (await stateOf(planeId)).active_job_id === null, { what: 'the end of the job' });
  expect(await setSwitch(false)).toMatchObject({ status: 200 });
}

/** One plane from registration to answers, with a drill in between for every second. */
async function liveThrough(index: number): Promise<string> {
  const sources = [
    ...planeOver({ name: '', folder: path.join(stack.folder, 'notes') }).sources,
    { source_type: 'upload', name: 'uploads', config: {} },
  ];
  const made = await twice((api, key) =>
    api.post('/planes', { name: `plane ${index}`, onboard: true, sources }, { key }),
  );
  expect(made.status).toBe(201);
  const planeId = made.body.data.plane_id as string;
  if (index % 2 === 1) await drill(planeId);
  await settle(planeId, 'PENDING_ACTIVATE');
  await twicePolicy(planeId);
  await transition(planeId, 'activate_knowledge_plane');
  await settle(planeId, 'ACTIVE');
  const uploaded = await twice((api, key) => {
    const form = new FormData();
    form.append('files', new Blob([`The heron of plane ${index} rests.`]), 'heron.md');
    return api.send('POST', `/planes/${planeId}/documents`, form, { key });
  });
  expect(uploaded.status).toBe(202);
  await settle(planeId, 'ACTIVE');
  const answer = await askUntilReleased(planeId, index);
  expect(answer).toMatchObject({ status: 200 });
  const texts = answer.body.data.hits.map(({ text }: { text: string }) => text);
  expect(texts).toContain(`The heron of plane ${index} rests.`);
  return planeId;
}

/** Nothing is released where policies changed meanwhile, as those of the other planes do here. */
async function askUntilReleased(planeId: string, index: number): Promise<ApiAnswer> {
  const query = { plane_id: planeId, action: 'query', payload: { query: 'the heron rests' } };
  for (;;) {
    const answer = await persist(index, (api) => api.post('/retrieval/execute', query));
    if (!answer.body.error?.message.endsWith('ask again')) return answer;
  }
}

async function twicePolicy(planeId: string): Promise<void> {
  const made = await twice((api, key) =>
    api.post(
      '/policies',
      { name: `for ${planeId}`, enforcement_mode: 'BLOCK', conditions: { allowed_plane_ids: [planeId] } },
      { key },
    ),
  );
  const policyId = made.body.data.policy_id as string;
  for (const [route, body] of [
    [`/policies/${policyId}/lifecycle`, { target: 'ACTIVE', reason: 'test' }],
    [`/planes/${planeId}/bind-policy`, { policy_id: policyId }],
  ] as const) {
    expect((await twice((api, key) => api.post(route, body, { key }))).status).toBeLessThan(300);
  }
}

/** One process at a time dies, at any moment or at a point of its work, and comes back. */
async function killInTurn(draw: (below: number) => number, over: Promise<unknown>): Promise<void> {
  for (let kill = 0; kill < killCount && !isOver; kill += 1) {
    const which = draw(2);
    const barrier = workBarriers[draw(workBarriers.length)] ?? 'index.batch-committed';
    await Promise.race([over, new Promise((resolve) => setTimeout(resolve, draw(2_000)))]);
    if (kill % 2 === 1) {
      await apis[which]?.kill();
      apis[which] = await stack.startApi();
      continue;
    }
    await workers[which]?.kill();
    const doomed = await stack.startWorker({ barrier });
    workers[which] = doomed;
    await Promise.race([over, doomed.ended]);
    if (doomed.end() !== undefined) workers[which] = await stack.startWorker();
  }
}

async function rowsOf<T extends object>(sql: string, values: unknown[] = []): Promise<T[]> {
  return (await stack.owner.query<T>(sql, values)).rows;
}

async function expectOnePlaneEach(planeIds: readonly string[]): Promise<void> {
  const planes = await rowsOf<{ plane_id: string; status: string }>('select plane_id, status from knowledge_planes');
  expect(planes.map(({ plane_id }) => plane_id).toSorted()).toEqual(planeIds.toSorted());
  expect(new Set(planes.map(({ status }) => status))).toEqual(new Set(['active']));
  let notes: string[] | undefined;
  for (const planeId of planeIds) {
    const chunks = await visibleChunks(stack, planeId);
    expect(new Set(chunks).size).toBe(chunks.length);
    expect(await countStoredChunks(stack, planeId)).toBe(chunks.length);
    expect(new Set(chunks.map((chunk) => chunk.split(' ')[0])).size).toBe(documentCount + 1);
    const ofFolder = chunks.filter((chunk) => chunk.startsWith('note-'));
    expect(ofFolder).toEqual((notes ??= ofFolder));
    const documents = await rowsOf(
      `select d.status, count(*)::int as documents, sum(chunk_count)::int as chunks,
        (select count(*)::int from knowledge_findings f where f.plane_id = $1) as findings
        from knowledge_documents d where plane_id = $1 group by d.status`,
      [planeId],
    );
    expect(documents).toEqual([
      { status: 'indexed', documents: documentCount + 1, chunks: chunks.length, findings: documentCount },
    ]);
    const done = await rowsOf<{ kind: string }>(
      `select kind from knowledge_jobs where plane_id = $1 and status = 'completed' order by kind`,
      [planeId],
    );
    expect(done.map(({ kind }) => kind)).toEqual(
      [
        'activate_plane',
        'classify_data',
        'index_data',
        'ingest_data',
        'sync_documents',
        'verify_connectivity',
      ].toSorted(),
    );
  }
}

async function expectEveryDecisionToldOnce(): Promise<void> {
  const counted = await rowsOf<{ event_type: string; n: number }>(
    `select event_type, count(*)::int as n from audit_events
      where event_type = any($1) and coalesce(evidence->>'scope', '') <> 'run' group by 1`,
    [['PlaneRegistered', 'DocumentsAccepted', 'PolicyScopeBound', 'governance_disabled', 'governance_enabled']],
  );
  // A throw also reaches the executions at work, each of which records that on its own run.
  const drills = Math.floor(planeCount / 2);
  expect(Object.fromEntries(counted.map(({ event_type, n }) => [event_type, n]))).toEqual({
    ...{ PlaneRegistered: planeCount, DocumentsAccepted: planeCount, PolicyScopeBound: planeCount },
    ...{ governance_disabled: drills, governance_enabled: drills },
  });
  const untold = {
    transitions: `select 1 from knowledge_lifecycle_transitions t
      where not exists (select from audit_events e where e.event_id = t.audit_event_id)`,
    // A kill may be recorded by the stage and by its execution; the second finds the job ended, and says so.
    jobs: `select 1 from knowledge_jobs j where 1 <> (select count(*) from audit_events e where e.job_id = j.job_id
      and e.outcome <> 'skipped' and e.event_type in ('LIFECYCLE_JOB_COMPLETED', 'LIFECYCLE_JOB_FAILED', 'job.killed_by_switch'))`,
    answers: `select 1 from retrieval_evidence r where 1 <> (select count(*) from audit_events e
      where e.evidence->>'evidence_id' = r.id and e.event_type in ('RetrievalAllowed', 'RetrievalDenied'))`,
    eventsTwice: 'select 1 from audit_events group by event_id having count(*) > 1',
    undelivered: 'select 1 from event_outbox where published_at is null',
    openJobs: `select 1 from knowledge_jobs where status in ('queued', 'running')`,
  };
  for (const [what, query] of Object.entries(untold)) expect([what, await rowsOf(query)]).toEqual([what, []]);
}

/** What a killed API left open is past its deadline one day; here that day is now. */
async function expectNoIntentOpenAfterSweep(): Promise<void> {
  await stack.owner.query('alter table effect_intents disable trigger user');
  await stack.owner.query(`update effect_intents set deadline = now() - interval '1 second'`);
  await stack.owner.query('alter table effect_intents enable trigger user');
  const system = createDatabase({ url: stack.database.systemUrl, connectionsMax: 1, applicationName: 'test-sweep' });
  try {
    await sweepEffects(system, stack.dispatch);
  } finally {
    await system.destroy();
  }
  const first = `select count(*)::int from effect_outcomes o where o.intent_id = i.intent_id and o.first`;
  expect(await rowsOf(`select 1 from effect_intents i where (${first}) <> 1`)).toEqual([]);
}

test('two APIs and two workers that die in turn do all that was asked, once, and tell it', async () => {
  const draw = draws();
  apis.push(...(await Promise.all([stack.startApi(), stack.startApi()])));
  workers.push(...(await Promise.all([stack.startWorker(), stack.startWorker()])));
  const living = Promise.all(Array.from({ length: planeCount }, (_, index) => liveThrough(index)));
  const over = living.then(
    () => (isOver = true),
    () => (isOver = true),
  );
  await Promise.all([living, killInTurn(draw, over)]);
  const planeIds = await living;
  await until(async () => (await rowsOf('select 1 from event_outbox where published_at is null')).length === 0, {
    what: 'the delivery of all messages',
  });
  await expectOnePlaneEach(planeIds);
  await expectEveryDecisionToldOnce();
  await expectNoIntentOpenAfterSweep();
}, 480_000);
