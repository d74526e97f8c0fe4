import { randomUUID } from 'node:crypto';
import { Client, type WorkflowFailedError } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { contextInterceptor } from '../../client/context-interceptor';
import { currentContext, withContext } from '../../context';
import type { EngineError } from '../../contracts/errors';
import type { ExecutionContext } from '../../contracts/execution-context';
import { startTestStack, type TestStack } from '../support/stack';
import { temporalCli } from '../support/temporal-cli';
import { until } from '../support/until';
import type { family, FamilyActivities, parentOfOrphan, parentOfWriter } from '../support/family-workflows';

let stack: TestStack;
let client: Client;
let worker: Worker;
let running: Promise<void>;
const taskQueue = `family-${randomUUID()}`;

const written: { outcome: string; context: ExecutionContext }[] = [];
let letGo = () => {};
let gate = Promise.resolve();
let isHolding = false;

function hold(): void {
  isHolding = false;
  gate = new Promise((resolve) => (letGo = resolve));
}

const activities: FamilyActivities = {
  observe: async () => currentContext(),
  // Deaf to cancellation: what it writes must be stopped by the fence.
  async holdThenWrite() {
    isHolding = true;
    await gate;
    const context = currentContext();
    const call = {
      params: { name: 'too late', enforcement_mode: 'BLOCK' as const, conditions: {} },
      idempotencyKey: 'k',
    };
    const outcome = await stack.dispatch(context, 'policies.create', call).then(
      () => 'committed',
      ({ reason }: EngineError) => String(reason),
    );
    written.push({ outcome, context });
  },
};

beforeAll(async () => {
  stack = await startTestStack();
  const { connection } = stack.temporal;
  client = new Client({ connection, interceptors: { workflow: [contextInterceptor] } });
  const { options, connection: native } = stack.worker;
  const familyPath = require.resolve('../support/family-workflows');
  worker = await Worker.create({
    ...options.main,
    activities: { ...options.main.activities, ...activities },
    interceptors: {
      ...options.main.interceptors,
      workflowModules: [require.resolve('../../workflows/interceptors'), familyPath],
    },
    ...{ taskQueue, connection: native, workflowsPath: familyPath },
  });
  running = worker.run();
});
afterAll(async () => {
  letGo();
  worker?.shutdown();
  await running;
  await stack?.stop();
});

function start<W extends typeof family | typeof parentOfOrphan | typeof parentOfWriter>(
  type: string,
  args: Parameters<W>,
  context = stack.as('admin'),
) {
  const workflowId = `family-${randomUUID()}`;
  return withContext(context, () => client.workflow.start<W>(type, { workflowId, taskQueue, args } as never));
}

test('tenant, actor, request and trace arrive in children, in theirs, and behind continue-as-new', async () => {
  const context = stack.as('developer');
  const seen = await (await start<typeof family>('family', [2], context)).result();
  // Three generations, each seen before and after it continued as new.
  expect(seen).toHaveLength(6);
  for (const each of seen) {
    const { tenantId, actor, requestId, traceId } = context;
    expect(each).toMatchObject({ tenantId, actor, requestId, traceId });
  }
  const runIds = seen.map(({ runId }) => runId);
  expect(new Set(runIds).size).toBe(6);
  // A kill of what started it reaches every execution: the run that a child was started by, and those above.
  expect(seen.map(({ ancestorRunIds = [] }) => ancestorRunIds)).toEqual([
    [],
    [],
    [runIds[1]],
    [runIds[1]],
    [runIds[1], runIds[3]],
    [runIds[1], runIds[3]],
  ]);
});

test('a child that is started without a context ends at once and for good', async () => {
  const said = await (await start<typeof parentOfOrphan>('parentOfOrphan', [])).result();
  expect(JSON.parse(said)).toMatchObject({ type: 'invalid_input', nonRetryable: true });
});

test('a kill of the parent ends the child, and nothing that the child has in flight commits', async () => {
  hold();
  const parent = await start<typeof parentOfWriter>('parentOfWriter', []);
  await until(() => isHolding);
  await temporalCli('workflow', 'signal', '--workflow-id', parent.workflowId, '--name', 'kill');
  const failure = await parent.result().then(
    () => undefined,
    (error: WorkflowFailedError) => error.cause,
  );
  expect(failure).toMatchObject({ type: 'action_blocked', message: 'stopped by the kill switch' });
  letGo();
  await until(() => written.length > 0);
  expect(written).toMatchObject([
    { outcome: 'SWITCH_ENGAGED', context: { ancestorRunIds: [parent.firstExecutionRunId] } },
  ]);
  const { raw } = await parent.describe();
  expect(raw.pendingChildren ?? []).toEqual([]);
  const { rows } = await stack.owner.query(`select 1 from policies where name = 'too late'`);
  expect(rows).toEqual([]);
});

test('a child of a parent that was terminated is asked to end', async () => {
  hold();
  const parent = await start<typeof parentOfWriter>('parentOfWriter', []);
  await until(() => isHolding);
  const { raw } = await parent.describe();
  const child = client.workflow.getHandle(raw.pendingChildren?.[0]?.workflowId ?? '');
  await parent.terminate('test');
  await until(async () => (await child.describe()).status.name !== 'RUNNING');
  expect((await child.describe()).status.name).toBe('CANCELLED');
});
