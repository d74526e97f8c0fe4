import { onboardFolder } from '../support/file-planes';
import { writeDocuments } from '../support/generated-documents';
import { waitForState } from '../support/planes';
import { startTestStack, type TestStack } from '../support/stack';
import { sampleOf } from '../support/metrics-page';
import { until } from '../support/until';
import path from 'node:path';

let stack: TestStack;
let planeId: string;

beforeAll(async () => {
  stack = await startTestStack();
  const folder = path.join(stack.folder, 'notes');
  await writeDocuments(folder, 3);
  planeId = await onboardFolder(stack.api(), { name: 'measured', folder });
  await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
});

afterAll(() => stack?.stop());

const apiPage = async () => (await fetch(`${stack.url}/metrics`)).text();

test('requests are counted by the template of their route, whatever the ids in the path', async () => {
  await stack.api().get(`/planes/${planeId}`);
  await stack.api().get('/planes/kp_ffffffffffff');
  await fetch(`${stack.url}/no/such/${planeId}`);
  const page = await apiPage();
  const count = (labels: Record<string, string>) => sampleOf(page, 'aos_http_request_duration_seconds_count', labels);
  expect(count({ method: 'GET', route: '/api/v1/planes/:plane_id', status: '200' })).toBeGreaterThan(0);
  expect(count({ method: 'GET', route: '/api/v1/planes/:plane_id', status: '404' })).toBe(1);
  expect(count({ method: 'GET', route: 'unmatched', status: '404' })).toBe(1);
});

test('operations and refusals are counted on both sides of the engine', async () => {
  await stack.api('viewer').post('/planes', { name: 'x', sources: [] });
  const api = await apiPage();
  const registered = { operation: 'knowledge.planes.register', outcome: 'ok' };
  expect(sampleOf(api, 'aos_operation_duration_seconds_count', registered)).toBe(1);
  const refused = { at: 'door', code: 'authorization_failed', reason: 'ACCESS_DENIED' };
  expect(sampleOf(api, 'aos_refusals_total', refused)).toBe(1);

  const worker = await stack.worker.metrics.page();
  const completed = { operation: 'knowledge.jobs.complete', outcome: 'ok' };
  expect(sampleOf(worker, 'aos_operation_duration_seconds_count', completed)).toBeGreaterThan(0);
  expect(sampleOf(worker, 'aos_embedder_texts_total', {})).toBeGreaterThan(0);
  expect(sampleOf(worker, 'aos_embedder_texts_waiting', {})).toBe(0);
  const upserted = { adapter: 'vector_store', method: 'upsert', outcome: 'ok' };
  expect(sampleOf(worker, 'aos_adapter_call_duration_seconds_count', upserted)).toBeGreaterThan(0);
});

test('the installation as a whole: queues, outbox, jobs, switches, pools', async () => {
  // What is read of others is read every few seconds, and only as fast as they answer.
  let page = '';
  const waiting = () => [
    sampleOf(page, 'aos_outbox_unpublished', {}),
    sampleOf(page, 'aos_task_queue_backlog_tasks', { queue: stack.taskQueue, type: 'workflow' }),
  ];
  await until(async () => ((page = await apiPage()), waiting().every((count) => count === 0)), {
    what: 'empty queues',
  });
  for (const collector of ['outbox', 'sealing', 'switches', 'jobs', 'task_queues']) {
    expect(sampleOf(page, 'aos_collector_up', { collector })).toBe(1);
  }
  expect(sampleOf(page, 'aos_sealing_halted_trees', {})).toBe(0);
  expect(sampleOf(page, 'aos_sealing_stopped', {})).toBe(0);
  expect(sampleOf(page, 'aos_seal_lag_seconds', {})).toBeGreaterThanOrEqual(0);
  expect(sampleOf(page, 'aos_unsealed_events', {})).toBeGreaterThanOrEqual(0);
  expect(sampleOf(page, 'aos_jobs', { status: 'completed' })).toBeGreaterThan(0);
  expect(sampleOf(page, 'aos_task_queue_pollers', { queue: stack.taskQueue, type: 'workflow' })).toBeGreaterThan(0);
  expect(sampleOf(page, 'aos_pg_pool_connections_max', { pool: 'aos-api' })).toBe(20);
});

test('no page names a tenant, a plane, a key or a request', async () => {
  const pages = (await apiPage()) + (await stack.worker.metrics.page());
  const [tenant] = stack.keys.tenants;
  for (const id of [tenant?.tenant_id ?? '', planeId]) expect(pages).not.toContain(id);
  expect(pages).not.toMatch(/kp_[0-9a-f]{12}|req-[0-9a-f]{12}|tenant/);
});
