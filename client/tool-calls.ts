import {
  isGrpcDeadlineError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  type Client,
} from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { withContext } from '../context';
import { parseContext } from '../contracts/execution-context';
import type { ToolCallDecidedMessage, ToolCallMessage } from '../contracts/outbox';
import type { ToolCallInput } from '../contracts/tool-calls';
import {
  callDecidedSignalName,
  searchAttributes,
  taskQueuesOf,
  toolCallWorkflowType,
} from '../contracts/workflow-messages';
import { keyword, quote } from './search-attributes';

export interface StartCallOptions {
  readonly taskQueue: string;
  /** Where the client shares its connection with a worker of the queue. */
  readonly isEager?: boolean;
}

/** Starts the workflow of a call. The same call delivered twice finds it there, running or ended. */
export async function startToolCall(
  client: Client,
  message: Pick<ToolCallMessage, 'workflowId' | 'payload'>,
  options: StartCallOptions,
): Promise<void> {
  const { isEager = false } = options;
  await asRequester(message, () =>
    client.workflow.start(toolCallWorkflowType, {
      ...startOptions(message, options),
      workflowIdConflictPolicy: 'FAIL',
      requestEagerStart: isEager,
    }),
  );
}

/** Wakes a waiting call, and starts it first where its start was not delivered yet. One that has ended is left alone. */
export async function tellDecided(
  client: Client,
  message: ToolCallDecidedMessage,
  options: StartCallOptions,
): Promise<void> {
  await asRequester(message, () =>
    client.workflow.signalWithStart(toolCallWorkflowType, {
      ...startOptions(message, options),
      signal: callDecidedSignalName,
    }),
  );
}

/** Waits for the end of a call, however it comes out, for at most this long. */
export async function awaitToolCall(client: Client, workflowId: string, waitMs: number): Promise<void> {
  try {
    await client.withDeadline(Date.now() + waitMs, () => client.workflow.getHandle(workflowId).result());
  } catch (error) {
    // Killed or terminated, or not over yet: the rows say how the call stands.
    if (error instanceof WorkflowFailedError || isGrpcDeadlineError(error)) return;
    throw error;
  }
}

/** Which of these run, as the visibility index has it, which is a little behind: what is missing may run all the same. */
export async function listRunning(client: Client, workflowIds: readonly string[]): Promise<ReadonlySet<string>> {
  const running = new Set<string>();
  const query = `ExecutionStatus = 'Running' AND WorkflowId IN (${workflowIds.map(quote).join(', ')})`;
  for await (const { workflowId } of client.workflow.list({ query })) running.add(workflowId);
  return running;
}

function startOptions({ workflowId, payload }: Message, { taskQueue }: StartCallOptions) {
  const { call, serverName, toolName, decision, requester } = payload;
  const args: [ToolCallInput] = [call];
  return {
    ...{ workflowId, args },
    taskQueue: taskQueuesOf(taskQueue).tools,
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    typedSearchAttributes: new TypedSearchAttributes([
      { key: keyword(searchAttributes.tenant), value: requester.tenantId },
      { key: keyword(searchAttributes.kind), value: 'tool_call' },
      { key: keyword(searchAttributes.capability), value: 'tools.call' },
      { key: keyword(searchAttributes.stage), value: decision },
    ]),
    staticSummary: `Call of ${serverName}/${toolName}`,
    staticDetails: `Tenant ${requester.tenantId}, call ${call.invocationId}, ${decision} when it was made.`,
  } as const;
}

type Message = Pick<ToolCallMessage, 'workflowId' | 'payload'>;

async function asRequester({ payload }: Message, work: () => Promise<unknown>): Promise<void> {
  try {
    await withContext(parseContext(payload.requester), work);
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
