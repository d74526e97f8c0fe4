import { ScheduleAlreadyRunning, ScheduleNotFoundError, type Client, type ScheduleSpec } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { withContext } from '../context';
import { scheduleContext } from '../contracts/execution-context';
import type { DeleteScheduleMessage, UpsertScheduleMessage } from '../contracts/outbox';
import { scheduledSyncWorkflowType, searchAttributes, type ScheduledSyncInput } from '../contracts/workflow-messages';
import { keyword } from './search-attributes';

/** How late a turn may still be taken after the engine was away; what is older is left out. */
const catchupWindow = '60 seconds';
const readTimeoutMs = 3_000;

export interface EngineSchedule {
  readonly nextRunAt: Date | undefined;
  /** Turns that were left out because the last one was at work. */
  readonly skippedByOverlap: number;
}

/** A schedule as the engine keeps it; undefined when it keeps none of this id. */
export type ReadSchedule = (scheduleId: string) => Promise<EngineSchedule | undefined>;

/** Makes the schedule, or makes it anew as described; twice is once. */
export async function upsertSchedule(
  client: Client,
  { workflowId: scheduleId, payload }: UpsertScheduleMessage,
  taskQueue: string,
): Promise<void> {
  const { tenantId, planeId, planeName, overlap, paused } = payload;
  const args: [ScheduledSyncInput] = [{ planeId, scheduleId: payload.scheduleId }];
  const options = {
    spec: specOf(payload),
    policies: { overlap, catchupWindow },
    state: { paused },
    action: {
      type: 'startWorkflow',
      workflowType: scheduledSyncWorkflowType,
      workflowId: scheduleId,
      taskQueue,
      args,
      typedSearchAttributes: new TypedSearchAttributes([
        { key: keyword(searchAttributes.tenant), value: tenantId },
        { key: keyword(searchAttributes.kind), value: 'schedule' },
        { key: keyword(searchAttributes.plane), value: planeId },
      ]),
      staticSummary: `Scheduled synchronisation of plane ${planeName}`,
    },
  } as const;
  await withContext(scheduleContext({ tenantId, scheduleId: payload.scheduleId, planeId }), async () => {
    const create = () => client.schedule.create({ scheduleId, memo: { schedule: payload.scheduleId }, ...options });
    try {
      await create();
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
      const handle = client.schedule.getHandle(scheduleId);
      // The identity of its runs is given to a schedule when it is made, and cannot be changed.
      if ((await handle.describe()).memo?.['schedule'] === payload.scheduleId) return handle.update(() => options);
      await handle.delete();
      await create();
    }
  });
}

/** Removes the schedule; one that is not there is removed already. */
export async function deleteSchedule(client: Client, { workflowId }: DeleteScheduleMessage): Promise<void> {
  try {
    await client.schedule.getHandle(workflowId).delete();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
  }
}

export async function readSchedule(client: Client, scheduleId: string): Promise<EngineSchedule | undefined> {
  try {
    const { info } = await client.withDeadline(Date.now() + readTimeoutMs, () =>
      client.schedule.getHandle(scheduleId).describe(),
    );
    return {
      nextRunAt: info.nextActionTimes[0],
      skippedByOverlap: info.numActionsSkippedOverlap,
    };
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}

function specOf({ cron, intervalSeconds }: UpsertScheduleMessage['payload']): ScheduleSpec {
  if (cron !== null) return { cronExpressions: [cron], timezone: 'UTC' };
  return { intervals: [{ every: `${intervalSeconds ?? 0} seconds` }] };
}
