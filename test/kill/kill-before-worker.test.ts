import path from 'node:path';
import type { WorkflowFailedError } from '@temporalio/client';
import { planeWorkflowId } from '../../contracts/workflow-ids';
import { onboardFolder } from '../support/file-planes';
import { writeDocuments } from '../support/generated-documents';
import { transition, waitForState } from '../support/planes';
import { startProcessStack, type ProcessStack } from '../support/process-stack';
import { temporalCli } from '../support/temporal-cli';
import { until } from '../support/until';

let stack: ProcessStack;
beforeAll(async () => {
  stack = await startProcessStack();
  await writeDocuments(path.join(stack.folder, 'notes'), 10);
  await stack.startApi();
});
afterAll(() => stack?.stop());

test('a kill signal that waits for a worker stops the job that waited beside it', async () => {
  const planeId = await onboardFolder(stack.api(), { name: 'queued', folder: path.join(stack.folder, 'notes') });
  const workflowId = planeWorkflowId(stack.keys.tenants[0]?.tenant_id ?? '', planeId);
  const handle = stack.temporal.workflow.getHandle(workflowId);
  await until(() =>
    handle.describe().then(
      () => true,
      () => false,
    ),
  );
  const { runId } = await handle.describe();
  await temporalCli('workflow', 'signal', '--workflow-id', workflowId, '--name', 'kill');

  await stack.startWorker();
  const failure = await stack.temporal.workflow
    .getHandle(workflowId, runId, { followRuns: false })
    .result()
    .catch((error: WorkflowFailedError) => error.cause);
  expect(failure).toMatchObject({ type: 'action_blocked' });
  const { body } = await stack.api().get(`/lifecycle/${planeId}/state`);
  expect(body.data).toMatchObject({
    state: 'PENDING_VERIFY',
    active_job_id: null,
    next_action: 'retry_knowledge_plane',
    last_job: { kind: 'verify_connectivity', status: 'killed' },
  });
  await transition(stack.api(), planeId, 'retry_knowledge_plane');
  await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
});
