import {
  ActivityCancellationType,
  CancellationScope,
  condition,
  defineSignal,
  proxyActivities,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import type { CallActivities } from '../activities/tools';
import type { ToolCallInput, ToolCallStep } from '../contracts/tool-calls';
import { callDecidedSignalName } from '../contracts/workflow-messages';
import { isKill, readFailure, recordedCode, type EndedWork } from './governance/ended-work';
import { runAsSystem } from './interceptors/context';
import { isKilled } from './interceptors/kill-switch';

/** Sent when people have decided about the call, or it was taken back; the rows say which. */
export const callDecidedSignal = defineSignal(callDecidedSignalName);

const { callTool } = proxyActivities<CallActivities>({
  summary: 'Opens the intent, calls the tool once and records the outcome',
  startToCloseTimeout: '3 minutes',
  heartbeatTimeout: '10 seconds',
  // So that whoever is stopped can still say how far the call had come.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  // An attempt that finds the intent of another sends nothing.
  retry: { initialInterval: '200 milliseconds', maximumInterval: '10 seconds', maximumAttempts: 10 },
});

const { closeCall } = proxyActivities<CallActivities>({
  summary: 'Records the end of the call',
  startToCloseTimeout: '15 seconds',
  retry: { initialInterval: '200 milliseconds', maximumInterval: '30 seconds' },
});

/** One call of a tool: waits for people where they were asked, is sent once, and ends with an outcome. */
export async function toolCall({ invocationId, serverId, waitMs }: ToolCallInput): Promise<ToolCallStep> {
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
    const step = await callTool({ invocationId, scopes });
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
