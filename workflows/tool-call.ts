import {
  ActivityCancellationType,
  ActivityFailure,
  CancellationScope,
  condition,
  defineSignal,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { CallActivities, OwnCallActivities } from '../activities/tools';
import type { ToolCallInput, ToolCallStep } from '../contracts/tool-calls';
import { callDecidedSignalName } from '../contracts/workflow-messages';
import { isKill, readFailure, recordedCode, type EndedWork } from './governance/ended-work';
import { runAsSystem } from './interceptors/context';
import { isKilled } from './interceptors/kill-switch';

/** Sent when people have decided about the call, or it was taken back; the rows say which. */
export const callDecidedSignal = defineSignal(callDecidedSignalName);

const calling = {
  summary: 'Opens the intent, calls the tool once and records the outcome',
  startToCloseTimeout: '30 seconds',
  // So that whoever is stopped can still say how far the call had come.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  // An attempt that finds the intent of another sends nothing.
  retry: { initialInterval: '200 milliseconds', maximumInterval: '10 seconds', maximumAttempts: 10 },
} as const;
const inTask = proxyLocalActivities<CallActivities>(calling);
const onQueue = proxyActivities<CallActivities>(calling);

const { closeCall } = proxyActivities<CallActivities>({
  summary: 'Records the end of the call',
  startToCloseTimeout: '15 seconds',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '30 seconds' },
});

/** One call of a tool: waits for people where they were asked, is sent once, and ends with an outcome. */
export async function toolCall({ invocationId, serverId, waitMs, isLocal }: ToolCallInput): Promise<ToolCallStep> {
  let isDecided = false;
  setHandler(callDecidedSignal, () => {
    isDecided = true;
  });
  try {
    if (waitMs !== undefined && !(await condition(() => isDecided, waitMs))) {
      const step = await close({ why: 'expired', reason: 'approval_expired', message: 'nobody decided in time' });
      if (step.state === 'settled') return step;
    }
    setCurrentDetails('The call is being sent.');
    const step = await call();
    if (step.state === 'settled') return step;
    return await close({ why: 'failed', reason: 'internal_error', message: 'an attempt to send it was lost' });
  } catch (error) {
    if (isKilled()) {
      await close({ why: 'killed', reason: 'action_blocked', message: 'stopped by the kill signal' });
      throw error;
    }
    return await close(endOf(readFailure(error)));
  }

  async function call(): Promise<ToolCallStep> {
    const { callTool } = isLocal === true ? inTask : onQueue;
    const scopes = [{ type: 'server', id: serverId } as const, { type: 'run', id: invocationId } as const];
    for (;;) {
      const step = await callTool({ invocationId, scopes });
      if (step.state !== 'going_on') return step;
      const end = await awaitEnd(step.queue, invocationId);
      if (end !== null) return end;
    }
  }

  function close(end: Omit<Parameters<typeof closeCall>[0], 'invocationId'>): Promise<ToolCallStep> {
    return CancellationScope.nonCancellable(() =>
      runAsSystem(() => closeCall({ invocationId, ...end }), 'system:tool-call'),
    );
  }
}

/** The end of a call that a process carries out; null where nobody there knows of it, or nobody is there. */
async function awaitEnd(taskQueue: string, invocationId: string): Promise<ToolCallStep | null> {
  const { awaitCall } = proxyActivities<OwnCallActivities>({
    summary: 'Waits for the end of the call',
    taskQueue,
    scheduleToStartTimeout: '10 seconds',
    startToCloseTimeout: '3 minutes',
    heartbeatTimeout: '10 seconds',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { maximumAttempts: 1 },
  });
  try {
    return await awaitCall({ invocationId, isCancelled: false });
  } catch (error) {
    if (isTimeout(error)) return null;
    if (!isCancellation(error)) throw error;
  }
  // It was cancelled before anybody waited, and the call goes on.
  const stopped = CancellationScope.nonCancellable(() => awaitCall({ invocationId, isCancelled: true }));
  return stopped.catch((error: unknown) => {
    if (isTimeout(error)) return null;
    throw error;
  });
}

const isTimeout = (error: unknown) => error instanceof ActivityFailure && error.cause instanceof TimeoutFailure;

function endOf(ended: EndedWork): Omit<Parameters<typeof closeCall>[0], 'invocationId'> {
  const reason = ended.reason ?? recordedCode(ended);
  if (ended.engaged?.kind === 'kill') return { why: 'killed', reason, message: ended.message };
  const isRefusal = isKill(ended) || refusals.includes(ended.code);
  return { why: isRefusal ? 'refused' : 'failed', reason, message: ended.message };
}

// What a decision ends with, as against a fault.
const refusals: readonly string[] = [
  ...['action_blocked', 'tool_blocked', 'policy_violation', 'tenant_suspended', 'authorization_failed'],
  ...['authentication_failed', 'rate_limit_policy', 'conflict', 'invalid_state'],
];
