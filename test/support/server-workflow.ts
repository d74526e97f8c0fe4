import { Client } from '@temporalio/client';
import { contextInterceptor } from '../../client/context-interceptor';
import { withContext } from '../../context';
import type { ExecutionContext } from '../../contracts/execution-context';
import { toolServerWorkflowType, type ToolServerInput } from '../../contracts/workflow-messages';
import { serverWorkflowId } from '../../contracts/workflow-ids';
import type { TestStack } from './stack';

/** Starts a server's workflow with an input that the engine itself would not give it. */
export async function startServerWorkflow(
  { temporal, taskQueue }: Pick<TestStack, 'temporal' | 'taskQueue'>,
  { input, context }: { input: ToolServerInput; context: ExecutionContext },
): Promise<void> {
  const client = new Client({ connection: temporal.connection, interceptors: { workflow: [contextInterceptor] } });
  const workflowId = serverWorkflowId(context.tenantId, input.serverId);
  await withContext(context, () =>
    client.workflow.start(toolServerWorkflowType, { workflowId, taskQueue, args: [input] }),
  );
}
