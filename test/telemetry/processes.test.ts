import { readFileSync } from 'node:fs';
import path from 'node:path';
import { writeDocuments } from '../support/generated-documents';
import { freePort } from '../support/free-port';
import { namesOn } from '../support/metrics-page';
import { startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from '../support/otlp-receiver';
import { planeOver } from '../support/file-planes';
import { waitForState } from '../support/planes';
import { startProcessStack, type ProcessStack } from '../support/process-stack';
import { until } from '../support/until';

const canary = 'CANARY-51c0de-otter';
const traceId = 'c0ffee'.padEnd(32, '0');
const callersSpan = 'beef'.padEnd(16, '1');

let receiver: OtlpReceiver;
let stack: ProcessStack;
let pages: { readonly api: string; readonly worker: string };
let planeId: string;

beforeAll(async () => {
  receiver = await startOtlpReceiver();
  stack = await startProcessStack();
  const metricsPort = await freePort();
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '100',
    AOS_WORKER_METRICS_PORT: String(metricsPort),
  };
  const [{ url }] = await Promise.all([stack.startApi({ env }), stack.startWorker({ env })]);
  await writeDocuments(path.join(stack.folder, 'notes'), 4, canary);
  planeId = await onboardTraced(url);
  await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
  // Refused, for the plane is not active: a retrieval and a refusal all the same.
  await stack.api().post('/retrieval/execute', { plane_id: planeId, action: 'query', payload: { query: 'otters' } });
  const read = async () => {
    pages = { api: await textOf(`${url}/metrics`), worker: await textOf(`http://127.0.0.1:${metricsPort}/metrics`) };
    // A part that does not answer in time is left out.
    return !/^aos_collector_up\{.*\} 0$/m.test(pages.api + pages.worker);
  };
  await until(read, { what: 'pages with what every collector reads' });
  const isTold = (name: string) => traced().some((span) => span.name === name);
  // The last span of either process.
  await until(() => isTold('job classify_data') && isTold('POST /api/v1/planes'), { what: 'all spans' });
});

afterAll(async () => {
  await stack?.stop();
  await receiver?.stop();
});

async function onboardTraced(url: string): Promise<string> {
  const response = await fetch(`${url}/api/v1/planes`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${stack.keys.tenants[0]?.admin_key}`,
      'content-type': 'application/json',
      traceparent: `00-${traceId}-${callersSpan}-01`,
    },
    body: JSON.stringify(planeOver({ name: 'traced', folder: path.join(stack.folder, 'notes'), onboard: true })),
  });
  const { data } = (await response.json()) as { data: { plane_id: string } };
  return data.plane_id;
}

const textOf = async (url: string) => (await fetch(url)).text();
const traced = () => receiver.spans.filter((span) => span.traceId === traceId);
const named = (name: string) => traced().filter((span) => span.name === name);

test('one onboarding is one trace from the door to the adapters, without a gap', () => {
  const names = new Set(traced().map(({ service, name }) => `${service}: ${name}`));
  for (const name of [
    'aos-api: POST /api/v1/planes',
    'aos-api: operation knowledge.planes.register',
    'aos-worker: job verify_connectivity',
    'aos-worker: schedule ingestSources',
    'aos-worker: activity ingestSources',
    'aos-worker: operation knowledge.ingest.record_page',
    'aos-worker: object_store put',
    'aos-worker: embedder embed',
    'aos-worker: vector_store upsert',
    'aos-worker: operation knowledge.jobs.complete',
  ]) {
    expect(names).toContain(name);
  }
  expect(named('deliver plane.run_job').length).toBeGreaterThan(0);

  const ids = new Set(traced().map(({ spanId }) => spanId));
  const orphans = traced().filter(({ parentSpanId }) => parentSpanId !== callersSpan && !ids.has(parentSpanId ?? ''));
  expect(orphans.map(({ name }) => name)).toEqual([]);
  expect(ids.size).toBe(traced().length);
});

test('an adapter call stands below its activity, its job and the request', () => {
  const byId = new Map(traced().map((span) => [span.spanId, span]));
  const road: string[] = [];
  for (let at: ReceivedSpan | undefined = named('vector_store upsert')[0]; at; at = byId.get(at.parentSpanId ?? '')) {
    road.push(at.name);
  }
  expect(road.slice(0, 4)).toEqual([
    'vector_store upsert',
    'activity indexDocuments',
    'schedule indexDocuments',
    'job index_data',
  ]);
  expect(road.at(-1)).toBe('POST /api/v1/planes');
});

test('a trace holds ids and words of our own, never content, keys or headers; and nothing but traces is sent', () => {
  const text = JSON.stringify(receiver.spans);
  expect(text).not.toContain(canary);
  expect(text).not.toContain(stack.keys.tenants[0]?.admin_key);
  expect(text).not.toContain(stack.folder);
  expect([...receiver.paths]).toEqual(['/v1/traces']);
});

test('the trace id is the one of logs and audit', async () => {
  const { rows } = await stack.owner.query<{ trace_id: string }>(
    'select distinct trace_id from audit_events where plane_id = $1 and job_id is not null',
    [planeId],
  );
  expect(rows).toEqual([{ trace_id: traceId }]);
});

interface Dashboard {
  readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[];
}

test('every series that a panel of the dashboard asks for is on a page of these processes', () => {
  const file = path.join(__dirname, '../../ops/grafana/aos-dashboard.json');
  const { panels } = JSON.parse(readFileSync(file, 'utf8')) as Dashboard;
  const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  const asked = new Set(expressions.flatMap((expr) => expr.match(/\b(aos|temporal|process|nodejs)_[a-z0-9_]+/g) ?? []));
  const there = new Set([...namesOn(pages.api), ...namesOn(pages.worker)]);
  expect(asked.size).toBeGreaterThan(15);
  expect([...asked].filter((name) => !there.has(name))).toEqual([]);
});

test('a turn of a schedule begins a trace of its own', async () => {
  expect((await stack.api().put(`/planes/${planeId}/sync-schedule`, { interval_seconds: 3600 })).status).toBe(200);
  const clock = stack.temporal.schedule.getHandle(`sync:${stack.keys.tenants[0]?.tenant_id}:${planeId}`);
  await until(async () => {
    const found = await clock.describe().catch(() => undefined);
    return found !== undefined;
  });
  await clock.trigger();
  const turns = () => receiver.spans.filter(({ name }) => name === 'operation knowledge.schedules.begin_run');
  await until(() => turns().length > 0, { what: 'the span of the turn' });
  const [turn] = turns();
  expect(turn?.traceId).not.toBe(traceId);
  expect(turn?.parentSpanId ?? '').toBe('');
  const { rows } = await stack.owner.query(
    `select trace_id from audit_events where event_type = 'SchedulerJobTriggered'`,
  );
  expect(rows).toEqual([{ trace_id: turn?.traceId }]);
});
