import { Client } from '@temporalio/client';
import { contextInterceptor } from '../../client/context-interceptor';
import { withContext } from '../../context';
import type { ExecutionContext } from '../../contracts/execution-context';
import { planeWorkflowType, type PlaneWorkflowInput } from '../../contracts/workflow-messages';
import { planeWorkflowId } from '../../contracts/workflow-ids';
import type { TestStack } from './stack';

/** Starts a plane's workflow ahead of its first job, with an input that the engine itself would not give it. */
export async function startPlaneWorkflow(
  { temporal, taskQueue }: Pick<TestStack, 'temporal' | 'taskQueue'>,
  { input, context }: { input: PlaneWorkflowInput; context: ExecutionContext },
): Promise<string> {
  const client = new Client({ connection: temporal.connection, interceptors: { workflow: [contextInterceptor] } });
  const workflowId = planeWorkflowId(context.tenantId, input.planeId);
  await withContext(context, () => client.workflow.start(planeWorkflowType, { workflowId, taskQueue, args: [input] }));
  return workflowId;
}
