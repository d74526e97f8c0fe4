import { isDeepStrictEqual } from 'node:util';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createEngine } from '../../client/engine';
import { planeScheduleId, planeWorkflowId } from '../../contracts/workflow-ids';
import { clearCurrent, setCurrent, startVersion } from '../support/deployments';
import { onboardFolder } from '../support/file-planes';
import { closeVectors } from '../support/gates';
import { writeDocuments } from '../support/generated-documents';
import { activate, aPolicyFor, waitForState } from '../support/planes';
import { startTestStack, type TestStack } from '../support/stack';
import { until } from '../support/until';

const none = '';

let stack: TestStack;
let planeId: string;
beforeAll(async () => {
  stack = await startTestStack();
  const folder = path.join(stack.folder, 'notes');
  await writeDocuments(folder, 2);
  planeId = await onboardFolder(stack.api(), { name: 'notes', folder });
  await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
  await aPolicyFor(stack.api(), planeId);
  await activate(stack.api(), planeId);
  await stack.api().put(`/planes/${planeId}/sync-schedule`, { interval_seconds: 3_600 });
  await until(
    async () =>
      (await schedule()
        .describe()
        .catch(() => undefined)) !== undefined,
  );
});
afterAll(() => stack?.stop());

const tenantId = () => stack.keys.tenants[0]?.tenant_id ?? '';
const schedule = () => stack.temporal.schedule.getHandle(planeScheduleId(tenantId(), planeId));
const view = async () => (await stack.api().get(`/planes/${planeId}/sync-schedule`)).body.data;

/** The versions whose workers moved the execution on, in order and without repetition. */
async function versionsOf(workflowId: string): Promise<string[]> {
  const { events } = await stack.temporal.workflow.getHandle(workflowId).fetchHistory();
  const all = (events ?? []).flatMap(({ workflowTaskCompletedEventAttributes: completed }) =>
    completed ? [completed.deploymentVersion?.buildId ?? none] : [],
  );
  return all.filter((each, index) => each !== all[index - 1]);
}

const planeVersions = () => versionsOf(planeWorkflowId(tenantId(), planeId));

async function lastTurn(): Promise<string> {
  const action = (await schedule().describe()).info.recentActions.at(-1)?.action;
  return action?.type === 'startWorkflow' ? action.workflow.workflowId : '';
}

/** Begins a turn of the plane's schedule; the turn is a short workflow, its job belongs to the plane's long one. */
async function beginTurn(): Promise<number> {
  const { run_count: before } = await view();
  await schedule().trigger();
  await until(async () => (await view()).run_count > before, { what: 'the begin of the turn' });
  return before + 1;
}

async function endTurn(count: number): Promise<void> {
  await until(
    async () => {
      const { run_count, last_result } = await view();
      return run_count === count && last_result !== 'started';
    },
    { what: 'the end of the turn' },
  );
  expect((await view()).last_result).toBe('completed');
}

async function turn(): Promise<void> {
  await endTurn(await beginTurn());
}

test('open workflows of workers without versions go on under the first version', async () => {
  expect(await planeVersions()).toEqual([none]);
  await startVersion(stack, 'v1');
  await turn();
  expect(await planeVersions()).toEqual([none]);

  await setCurrent(stack.taskQueue, 'v1');
  await stack.workers.stop();
  await turn();
  expect(await planeVersions()).toEqual([none, 'v1']);
  const served = { [stack.taskQueue]: true, [`${stack.taskQueue}-io`]: true, [`${stack.taskQueue}-tools`]: true };
  expect(await stack.worker.engine.pollers()).toEqual(served);
});

test('a new version beside the old: the plane moves in the midst of a job, the turn ends where it began', async () => {
  await startVersion(stack, 'v2');
  await turn();
  expect(await planeVersions()).toEqual([none, 'v1']);

  const gate = await closeVectors(stack, tenantId());
  await writeFile(path.join(stack.folder, 'notes/late.md'), 'What is new waits for the index.');
  const count = await beginTurn();
  await setCurrent(stack.taskQueue, 'v2');
  await gate.open();
  await endTurn(count);
  expect(await versionsOf(await lastTurn())).toEqual(['v1']);
  expect(await planeVersions()).toEqual([none, 'v1', 'v2']);

  await turn();
  expect(await versionsOf(await lastTurn())).toEqual(['v2']);
  expect(await planeVersions()).toEqual([none, 'v1', 'v2']);
});

test('back to the version before', async () => {
  await setCurrent(stack.taskQueue, 'v1');
  await turn();
  expect(await versionsOf(await lastTurn())).toEqual(['v1']);
  expect(await planeVersions()).toEqual([none, 'v1', 'v2', 'v1']);
});

test('and back to workers without versions', async () => {
  await stack.startWorkers();
  await clearCurrent(stack.taskQueue);
  await turn();
  expect(await versionsOf(await lastTurn())).toEqual([none]);
  expect(await planeVersions()).toEqual([none, 'v1', 'v2', 'v1', none]);
});

test('what has workers of a version that is not current only is not served', async () => {
  const taskQueue = `${stack.taskQueue}-alone`;
  const { pollers } = createEngine({ connection: stack.worker.connection, namespace: 'default', taskQueue });
  await startVersion(stack, 'v1', taskQueue);
  // No API of this installation runs, so nobody takes its calls.
  const served = (is: boolean) => ({ [taskQueue]: is, [`${taskQueue}-io`]: is, [`${taskQueue}-tools`]: false });
  expect(await pollers()).toEqual(served(false));
  await setCurrent(taskQueue, 'v1');
  await until(async () => isDeepStrictEqual(await pollers(), served(true)), { what: 'workers of the current version' });
});
