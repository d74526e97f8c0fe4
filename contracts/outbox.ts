import type { ExecutionContext } from './execution-context';
import type { OverlapPolicy } from './schedules';

/** Asks the engine to let the plane's workflow run a job, starting the workflow when it is not there. */
export interface RunJobMessage {
  readonly topic: 'plane.run_job';
  readonly workflowId: string;
  readonly payload: {
    readonly planeId: string;
    readonly planeName: string;
    readonly jobId: string;
    readonly jobKind: string;
    readonly requester: ExecutionContext;
  };
}

/** Asks the engine to keep the clock of a plane as described, whatever it kept before. */
export interface UpsertScheduleMessage {
  readonly topic: 'schedule.upsert';
  /** The id of the schedule in the engine. */
  readonly workflowId: string;
  readonly payload: {
    readonly tenantId: string;
    readonly planeId: string;
    readonly planeName: string;
    readonly scheduleId: string;
    readonly cron: string | null;
    readonly intervalSeconds: number | null;
    readonly overlap: OverlapPolicy;
    readonly paused: boolean;
  };
}

export interface DeleteScheduleMessage {
  readonly topic: 'schedule.delete';
  readonly workflowId: string;
  readonly payload: { readonly tenantId: string; readonly planeId: string; readonly scheduleId: string };
}

/** Starts the workflow that carries a kill to the workflows in its scope. */
export interface FanOutMessage {
  readonly topic: 'switch.fan_out';
  readonly workflowId: string;
  readonly payload: {
    readonly switchId: string;
    readonly epoch: number;
    readonly scope: string;
    readonly requester: ExecutionContext;
  };
}

/** Lets a paused workflow try its next step again. */
export interface ResumeMessage {
  readonly topic: 'run.resume';
  readonly workflowId: string;
  readonly payload: { readonly pauseId: string; readonly requester: ExecutionContext };
}

export type OutboxMessage =
  RunJobMessage | UpsertScheduleMessage | DeleteScheduleMessage | FanOutMessage | ResumeMessage;

/** Where the outbox delivers to. Delivering a message again must do no harm. */
export interface OutboxPort {
  deliver(message: OutboxMessage): Promise<void>;
}
