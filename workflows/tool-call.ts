import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  defineSignal,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { CallActivities, OwnCallActivities } from '../activities/tools';
import type { BeginCallInput } from '../activities/tools/begin-call';
import type { ToolCallInput, ToolCallStep } from '../contracts/tool-calls';
import { callDecidedSignalName } from '../contracts/workflow-messages';
import { isKill, readFailure, recordedCode, type EndedWork } from './governance/ended-work';
import { runAsSystem } from './interceptors/context';
import { isKilled } from './interceptors/kill-switch';

/** Sent when people have decided about the call, or it was taken back; the rows say which. */
export const callDecidedSignal = defineSignal(callDecidedSignalName);

const attemptsMax = 10;
const calling = {
  summary: 'Opens the intent, calls the tool once and records the outcome',
  // So that whoever is stopped can still say how far the call had come.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  // An attempt that finds the intent of another sends nothing.
  retry: { initialInterval: '200 milliseconds', maximumInterval: '10 seconds', maximumAttempts: attemptsMax },
} as const;

const { beginCall } = proxyLocalActivities<CallActivities>({
  ...calling,
  startToCloseTimeout: '30 seconds',
  // Longer pauses between attempts are timers, in which signals are heard.
  localRetryThreshold: '500 milliseconds',
});

const { callTool } = proxyActivities<CallActivities>({
  ...calling,
  startToCloseTimeout: '3 minutes',
  heartbeatTimeout: '10 seconds',
});

const { closeCall } = proxyActivities<CallActivities>({
  summary: 'Records the end of the call',
  startToCloseTimeout: '15 seconds',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '30 seconds' },
});

type SendCall = (input: BeginCallInput) => Promise<ToolCallStep>;

/** One call of a tool: waits for people where they were asked, is sent once, and ends with an outcome. */
export function mcpToolCall(input: ToolCallInput): Promise<ToolCallStep> {
  return runCall(input, call);
}

/** The same for calls that were taken on before that one was there, in which the calling is an activity from the start. */
export function toolCall(input: ToolCallInput): Promise<ToolCallStep> {
  return runCall(input, callTool);
}

async function runCall({ invocationId, serverId, waitMs }: ToolCallInput, send: SendCall): Promise<ToolCallStep> {
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
    const scopes = [{ type: 'server', id: serverId } as const, { type: 'run', id: invocationId } as const];
    const step = await send({ invocationId, scopes });
    if (step.state === 'settled') return step;
    return await close({ why: 'failed', reason: 'internal_error', message: 'an attempt to send it was lost' });
  } catch (error) {
    if (isKilled()) {
      await close({ why: 'killed', reason: 'action_blocked', message: 'stopped by the kill signal' });
      throw error;
    }
    return await close(endOf(readFailure(error)));
  }

  function close(end: Omit<Parameters<typeof closeCall>[0], 'invocationId'>): Promise<ToolCallStep> {
    return CancellationScope.nonCancellable(() =>
      runAsSystem(() => closeCall({ invocationId, ...end }), 'system:tool-call'),
    );
  }
}

/** Begins the call in the task, and waits for its end where its process says that it goes on. */
async function call(input: BeginCallInput): Promise<ToolCallStep> {
  for (let round = 1; ; round += 1) {
    const step = await beginCall(input);
    if (step.state !== 'going_on') return step;
    try {
      const end = await awaitEnd(step.queue, input.invocationId);
      if (end !== null) return end;
    } catch (error) {
      if (!isPassing(error) || round === attemptsMax) throw error;
    }
    if (round === attemptsMax) throw ApplicationFailure.nonRetryable('nobody says how it ended', 'timeout');
    await sleep(Math.min(200 * 2 ** round, 10_000));
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
  const wait = (isCancelled: boolean): Promise<ToolCallStep | null> =>
    awaitCall({ invocationId, isCancelled }).catch((error: unknown) => {
      if (!(error instanceof ActivityFailure && error.cause instanceof TimeoutFailure)) throw error;
      // Not heard of for a while, a process may carry the call out still; one that is gone does not take this up.
      return error.cause.timeoutType === 'SCHEDULE_TO_START' ? null : wait(isCancelled);
    });
  try {
    return await wait(false);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    // It was cancelled before anybody waited, and the call goes on.
    return CancellationScope.nonCancellable(() => wait(true));
  }
}

/** A failure after which the call may be begun again. */
function isPassing(error: unknown): boolean {
  return (
    error instanceof ActivityFailure && error.cause instanceof ApplicationFailure && error.cause.nonRetryable !== true
  );
}

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
