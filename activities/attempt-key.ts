import { activityInfo } from '@temporalio/activity';

/** An idempotency key for a step: the same for each attempt, so that a retry finds the first result. */
export function stepKey(step: string): string {
  const { workflowExecution, activityId } = activityInfo();
  if (workflowExecution === undefined) throw new Error(`${step} must be started by a workflow`);
  return `${workflowExecution.runId}/${activityId}/${step}`;
}

/**
 * As `stepKey`, for one attempt only: for effects that are the same when repeated, and whose input may have changed
 * since the last attempt because the outside has.
 */
export function attemptKey(step: string): string {
  return `${stepKey(step)}/${activityInfo().attempt}`;
}
