import { toJson } from './history-file';
import type { RecordedRun } from './recorded-run';
import { canary, scenarios } from './scenarios';
import { replay } from './replay';
import { startTestStack, type TestStack } from '../support/stack';
import { startChangingServer, type ChangingServer } from '../support/changing-server';

let stack: TestStack;
let tools: ChangingServer;
let runs: RecordedRun[];
beforeAll(async () => {
  tools = await startChangingServer([{ name: 'read_note', description: canary }]);
  stack = await startTestStack({ egressAllow: [tools.host] });
  runs = [];
  for (const name of ['onboarding-to-active', 'failed-job', 'refused-messages', 'tool-server']) {
    const run = await scenarios[name]?.(stack, name, tools);
    if (run !== undefined) runs.push(run);
  }
});
afterAll(async () => {
  await stack?.stop();
  await tools?.close();
});

const payloadBytesMax = 512 * 1024;
const eventsMax = 4_096;

const fetchHistory = ({ workflowId, runId }: RecordedRun) =>
  stack.temporal.workflow.getHandle(workflowId, runId).fetchHistory();

interface PayloadLike {
  readonly metadata: object;
  readonly data: Uint8Array;
}

/** Every payload wherever it hangs: inputs, results, headers, failures, markers, search attributes, summaries. */
function payloadsOf(value: unknown): Uint8Array[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  const { metadata, data } = value as Partial<PayloadLike>;
  if (metadata !== undefined && data instanceof Uint8Array) return [data];
  return Object.values(value).flatMap(payloadsOf);
}

test('what a run has done now replays now', async () => {
  for (const run of runs) {
    const history = toJson(await fetchHistory(run));
    expect(await replay({ workflowId: run.workflowId, history })).toBeUndefined();
  }
});

test('histories are short, and their payloads small', async () => {
  for (const run of runs) {
    const history = await fetchHistory(run);
    expect(history.events?.length).toBeLessThan(eventsMax);
    const sizes = payloadsOf(history.events).map(({ length }) => length);
    expect(sizes.length).toBeGreaterThan(10);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(payloadBytesMax);
  }
});

test('no history holds content of a document or a key', async () => {
  const { operator_key, tenants } = stack.keys;
  const secrets = [canary, operator_key, ...tenants.flatMap(({ tenant_id: _id, ...keys }) => Object.values(keys))];
  expect(secrets.length).toBeGreaterThan(9);
  for (const run of runs) {
    const history = await fetchHistory(run);
    const payloads = payloadsOf(history.events).map((data) => Buffer.from(data).toString('utf8'));
    const text = [JSON.stringify(toJson(history)), ...payloads].join('\n');
    for (const secret of secrets) expect(text).not.toContain(secret);
  }
});
