import path from 'node:path';
import type { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { planeWorkflowId } from '../../contracts/workflow-ids';
import { committedWork } from '../support/committed-work';
import { onboardFolder } from '../support/file-planes';
import { closeVectors } from '../support/gates';
import { writeDocuments } from '../support/generated-documents';
import { activate, aPolicyFor, transition, waitForState } from '../support/planes';
import { startTestStack, type TestStack } from '../support/stack';
import { temporalCli } from '../support/temporal-cli';
import { until } from '../support/until';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
  await writeDocuments(path.join(stack.folder, 'notes'), 60);
});
afterAll(() => stack?.stop());

const tenantId = () => stack.keys.tenants[0]?.tenant_id ?? '';
const workflowOf = (planeId: string) => planeWorkflowId(tenantId(), planeId);
const onboard = (name: string) => onboardFolder(stack.api(), { name, folder: path.join(stack.folder, 'notes') });

const signal = (planeId: string, name: string, ...args: string[]) =>
  temporalCli('workflow', 'signal', '--workflow-id', workflowOf(planeId), '--name', name, ...args);

async function stateOf(planeId: string) {
  return (await stack.api().get(`/lifecycle/${planeId}/state`)).body.data;
}

async function isIndexing(planeId: string): Promise<boolean> {
  const { rows } = await stack.owner.query(
    `select 1 from plane_stage_progress where plane_id = $1 and stage = 'index' and status = 'running'`,
    [planeId],
  );
  return rows.length > 0;
}

async function runIdOf(planeId: string): Promise<string> {
  return (await stack.temporal.workflow.getHandle(workflowOf(planeId)).describe()).runId;
}

async function failureOf(planeId: string, runId: string): Promise<unknown> {
  const handle = stack.temporal.workflow.getHandle(workflowOf(planeId), runId, { followRuns: false });
  return handle.result().then(
    () => undefined,
    (error: WorkflowFailedError) => error.cause,
  );
}

async function runSwitches(runId: string) {
  const { rows } = await stack.owner.query(
    `select kind, enabled, reason, tenant_id, owner, actor_id, actor_type from runtime_switches
      where scope_type = 'run' and scope_id = $1`,
    [runId],
  );
  return rows;
}

// The stage's last commit before it waits for the vectors.
async function hasIndexRun(planeId: string): Promise<boolean> {
  const { rowCount } = await stack.owner.query(`select 1 from knowledge_index_runs where plane_id = $1`, [planeId]);
  return rowCount === 1;
}

async function auditOf(planeId: string, eventType: string) {
  const { rows } = await stack.owner.query(
    `select actor_id, outcome, evidence from audit_events where event_type = $2 and (plane_id = $1 or resource_id = $3)`,
    [planeId, eventType, workflowOf(planeId)],
  );
  return rows;
}

const killed = { type: 'action_blocked', message: 'stopped by the kill switch', nonRetryable: true };

test('`temporal workflow signal --name kill` stops work in flight, with and without an input', async () => {
  const vectors = await closeVectors(stack, tenantId());
  const inputs = [
    { args: [], reason: 'kill signal' },
    { args: ['--input', '{}'], reason: 'kill signal' },
    { args: ['--input', '{"reason":"reads the wrong folder"}'], reason: 'reads the wrong folder' },
  ];
  const planeIds = await Promise.all(inputs.map((_, index) => onboard(`signalled ${index}`)));
  for (const planeId of planeIds) await until(() => hasIndexRun(planeId));
  const runIds = await Promise.all(planeIds.map(runIdOf));
  const atSignal = await committedWork(stack, planeIds);

  for (const [index, planeId] of planeIds.entries()) await signal(planeId, 'kill', ...(inputs[index]?.args ?? []));

  // The vectors stay closed: what waits in the activities must be cancelled, nothing lets it go on.
  for (const [index, planeId] of planeIds.entries()) {
    const failure = await failureOf(planeId, runIds[index] ?? '');
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject(killed);
    expect(await runSwitches(runIds[index] ?? '')).toEqual([
      expect.objectContaining({
        kind: 'kill',
        enabled: true,
        reason: inputs[index]?.reason,
        tenant_id: tenantId(),
        actor_id: 'operator/temporal',
      }),
    ]);
    expect(await stateOf(planeId)).toMatchObject({
      state: 'INGESTING',
      active_job_id: null,
      next_action: 'retry_knowledge_plane',
      last_job: { status: 'killed', error_code: 'action_blocked' },
    });
    expect(await auditOf(planeId, 'job.killed_by_switch')).toEqual([expect.objectContaining({ outcome: 'killed' })]);
  }
  await vectors.open();
  expect(await committedWork(stack, planeIds)).toEqual(atSignal);

  for (const [index, planeId] of planeIds.entries()) {
    await transition(stack.api(), planeId, 'retry_knowledge_plane');
    await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
    expect(await runIdOf(planeId)).not.toBe(runIds[index]);
  }
  const { rows: late } = await stack.owner.query(
    `select 1 from knowledge_index_runs r join knowledge_document_indexings using (index_run_id)
      where r.plane_id = any($1) and r.status = 'dead'`,
    [planeIds],
  );
  expect(late).toEqual([]);
  await aPolicyFor(stack.api(), planeIds[0] ?? '');
  await activate(stack.api(), planeIds[0] ?? '');
});

test('a plane at rest is killed too; nobody has lost anything, and the next job starts a new execution', async () => {
  const planeId = await onboard('at rest');
  await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
  const before = await stateOf(planeId);
  const runId = await runIdOf(planeId);
  // Two signals are one kill; the one that comes second may find the execution ended.
  const signals = await Promise.allSettled([
    signal(planeId, 'kill', '--input', '{"reason":"first"}'),
    signal(planeId, 'kill'),
  ]);
  const refused = signals.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
  expect(refused.length).toBeLessThan(2);
  for (const reason of refused) expect(reason).toContain('already completed');
  expect(await failureOf(planeId, runId)).toMatchObject(killed);
  expect(await runSwitches(runId)).toHaveLength(1);
  expect(await stateOf(planeId)).toEqual(before);
  expect(await auditOf(planeId, 'job.killed_by_switch')).toEqual([]);
  await aPolicyFor(stack.api(), planeId);
  await activate(stack.api(), planeId);
  expect(await runIdOf(planeId)).not.toBe(runId);
});

test('a cancelled workflow records its job as killed, too, and what was in flight commits nothing more', async () => {
  const vectors = await closeVectors(stack, tenantId());
  const planeId = await onboard('cancelled');
  await until(() => isIndexing(planeId));
  const runId = await runIdOf(planeId);
  await temporalCli('workflow', 'cancel', '--workflow-id', workflowOf(planeId));
  await failureOf(planeId, runId);
  const atEnd = await committedWork(stack, [planeId]);
  expect(await stateOf(planeId)).toMatchObject({
    state: 'INGESTING',
    next_action: 'retry_knowledge_plane',
    last_job: { status: 'killed' },
  });
  expect(await runSwitches(runId)).toEqual([]);
  await vectors.open();
  await transition(stack.api(), planeId, 'retry_knowledge_plane');
  await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
  const { indexings } = await committedWork(stack, [planeId]);
  expect(atEnd.indexings).toEqual([]);
  expect(indexings).toHaveLength(60);
});

test('a signal other than kill that carries no context is dropped and recorded', async () => {
  const planeId = await onboard('messages');
  await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
  const before = await committedWork(stack, [planeId]);
  await signal(planeId, 'runJob', '--input', '{"jobId":"job_0000000000000000","jobKind":"ingest_data"}');
  await signal(planeId, 'noSuchSignal', '--input', '{"x":1}');
  await until(async () => (await auditOf(planeId, 'MessageRefused')).length >= 2);
  const events = await auditOf(planeId, 'MessageRefused');
  expect(events).toEqual(
    expect.arrayContaining([
      { actor_id: 'operator/temporal', outcome: 'blocked', evidence: { message: 'runJob' } },
      { actor_id: 'operator/temporal', outcome: 'blocked', evidence: { message: 'noSuchSignal' } },
    ]),
  );
  expect(await committedWork(stack, [planeId])).toEqual(before);
  const status = await stack.temporal.workflow.getHandle(workflowOf(planeId)).describe();
  expect(status.status.name).toBe('RUNNING');
});

test('a workflow that is started without a context ends at once', async () => {
  const workflowId = 'plane:by-hand';
  await temporalCli(
    ...['workflow', 'start', '--type', 'knowledgePlane', '--workflow-id', workflowId],
    ...['--task-queue', stack.taskQueue, '--input', '{"planeId":"kp_000000000000","planeName":"x"}'],
  );
  const failure = await stack.temporal.workflow
    .getHandle(workflowId)
    .result()
    .then(
      () => undefined,
      (error: WorkflowFailedError) => error.cause,
    );
  expect(failure).toMatchObject({ type: 'invalid_input', message: 'execution context header is missing' });
});
