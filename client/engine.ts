import { Client, WorkflowNotFoundError, type ConnectionLike } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { withContext } from '../context';
import { parseContext } from '../contracts/execution-context';
import type { OutboxMessage, OutboxPort, RunJobMessage, ToolCallMessage } from '../contracts/outbox';
import {
  planeWorkflowType,
  runJobSignalName,
  searchAttributes,
  taskQueueDefault,
  type PlaneWorkflowInput,
  type RunJobInput,
} from '../contracts/workflow-messages';
import { deleteSchedule, readSchedule, upsertSchedule, type ReadSchedule } from './schedules';
import { contextInterceptor, scheduleContextInterceptor } from './context-interceptor';
import { readPollers } from './pollers';
import { keyword } from './search-attributes';
import { lookAtServer, watchServer } from './server-messages';
import { resumeRun, startFanOut } from './switch-messages';
import { awaitToolCall, listRunning, startToolCall, tellDecided } from './tool-calls';
import { createWorkflowControl } from './workflow-control';
import { readQueueStats, type QueueStats } from './queue-stats';

const deliveryTimeoutMs = 10_000;

export interface Engine extends OutboxPort {
  readonly readSchedule: ReadSchedule;
  /** Finds running workflows and kills them; for the fan-out of a throw. */
  readonly workflows: ReturnType<typeof createWorkflowControl>;
  /** Starts the workflow of a call at once, without the way through the outbox. */
  startToolCall(message: Pick<ToolCallMessage, 'workflowId' | 'payload'>): Promise<void>;
  /** Waits for the end of a call, however it comes out, for at most this long. */
  awaitToolCall(workflowId: string, waitMs: number): Promise<void>;
  /** Whether an execution of this workflow is open. */
  isRunning(workflowId: string): Promise<boolean>;
  /** Which of these are known to run, in one request; what is missing may run all the same. */
  listRunning(workflowIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** Which of our task queues have a worker that is given what comes anew. */
  pollers(): Promise<Readonly<Record<string, boolean>>>;
  /** How far the workers are behind. */
  queueStats(): Promise<readonly QueueStats[]>;
  /** Fails unless the namespace answers and knows our search attributes. */
  checkHealth(): Promise<void>;
}

export interface EngineOptions {
  readonly connection: ConnectionLike;
  readonly namespace: string;
  /** Main task queue of this installation. */
  readonly taskQueue?: string;
  /** The connection is shared with a worker of the queue of calls: they start without the way through the server's queue. */
  readonly isEager?: boolean;
}

/** Temporal in domain words: the one place that knows workflow types, queues and reuse policies. */
export function createEngine({
  connection,
  namespace,
  taskQueue = taskQueueDefault,
  isEager = false,
}: EngineOptions): Engine {
  const client = new Client({
    connection,
    namespace,
    interceptors: { workflow: [contextInterceptor], schedule: [scheduleContextInterceptor] },
  });
  return {
    workflows: createWorkflowControl(client, taskQueue),
    deliver: (message) => deliver(client, message, taskQueue),
    readSchedule: (scheduleId) => readSchedule(client, scheduleId),
    startToolCall: (message) => startToolCall(client, message, { taskQueue, isEager }),
    awaitToolCall: (workflowId, waitMs) => awaitToolCall(client, workflowId, waitMs),
    isRunning: (workflowId) => isRunning(client, workflowId),
    listRunning: (workflowIds) => listRunning(client, workflowIds),
    pollers: () => readPollers(client, namespace, taskQueue),
    queueStats: () => readQueueStats(client, namespace, taskQueue),
    checkHealth: () => checkHealth(client, namespace),
  };
}

async function deliver(client: Client, message: OutboxMessage, taskQueue: string): Promise<void> {
  // The relay holds a row while it delivers, and a server that hangs must not hold it for long.
  await client.withDeadline(Date.now() + deliveryTimeoutMs, () => send(client, message, taskQueue));
}

async function send(client: Client, message: OutboxMessage, taskQueue: string): Promise<void> {
  switch (message.topic) {
    case 'plane.run_job':
      return runJob(client, message, taskQueue);
    case 'schedule.upsert':
      return upsertSchedule(client, message, taskQueue);
    case 'schedule.delete':
      return deleteSchedule(client, message);
    case 'switch.fan_out':
      return startFanOut(client, message, taskQueue);
    case 'run.resume':
      return resumeRun(client, message);
    case 'tool.call':
      return startToolCall(client, message, { taskQueue });
    case 'tool.decided':
      return tellDecided(client, message, { taskQueue });
    case 'server.watch':
      return watchServer(client, message, taskQueue);
    case 'server.look':
      return lookAtServer(client, message);
    default:
      // One of a newer version must not be lost in silence.
      throw new Error(`no delivery for topic ${String((message as { topic: unknown }).topic)}`);
  }
}

// The same job delivered twice is one: the workflow knows the ids it has seen, and the job's row decides.
async function runJob(client: Client, { workflowId, payload }: RunJobMessage, taskQueue: string): Promise<void> {
  const { planeId, planeName, jobId, jobKind } = payload;
  const requester = parseContext(payload.requester);
  const signalArgs: [RunJobInput] = [{ jobId, jobKind }];
  const args: [PlaneWorkflowInput] = [{ planeId, planeName }];
  await withContext(requester, () =>
    client.workflow.signalWithStart(planeWorkflowType, {
      workflowId,
      taskQueue,
      args,
      signal: runJobSignalName,
      signalArgs,
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowIdConflictPolicy: 'USE_EXISTING',
      typedSearchAttributes: new TypedSearchAttributes([
        { key: keyword(searchAttributes.tenant), value: requester.tenantId },
        { key: keyword(searchAttributes.kind), value: 'plane' },
        { key: keyword(searchAttributes.plane), value: planeId },
        { key: keyword(searchAttributes.stage), value: 'waiting' },
      ]),
      staticSummary: `Plane ${planeName}`,
      staticDetails: `Tenant ${requester.tenantId}, plane ${planeId}. Runs the plane's jobs one after the other.`,
    }),
  );
}

async function isRunning(client: Client, workflowId: string): Promise<boolean> {
  try {
    const { status } = await client.workflow.getHandle(workflowId).describe();
    return status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

async function checkHealth(client: Client, namespace: string): Promise<void> {
  await client.workflowService.describeNamespace({ namespace });
  const { keys } = await client.workflowService.getSearchAttributes({});
  const missing = Object.values(searchAttributes).filter((name) => keys?.[name] === undefined);
  if (missing.length === 0) return;
  // Namespace-scoped attributes (SQL visibility) are listed by the operator service only.
  const { customAttributes } = await client.connection
    .ensureConnected()
    .then(() =>
      (client.connection as unknown as OperatorConnection).operatorService.listSearchAttributes({ namespace }),
    );
  const stillMissing = missing.filter((name) => customAttributes?.[name] === undefined);
  if (stillMissing.length > 0) throw new Error(`the namespace lacks the search attributes ${stillMissing.join(', ')}`);
}

interface OperatorConnection {
  readonly operatorService: {
    listSearchAttributes(request: {
      namespace: string;
    }): Promise<{ customAttributes?: Record<string, unknown> | null }>;
  };
}
