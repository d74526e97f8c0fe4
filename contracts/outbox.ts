import type { ExecutionContext } from './execution-context';
import type { OverlapPolicy } from './schedules';
import type { ToolCallInput } from './tool-calls';

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

/** Starts the workflow of a call. Whoever asked starts it too; one that is there, or was, is left alone. */
export interface ToolCallMessage {
  readonly topic: 'tool.call';
  readonly workflowId: string;
  readonly payload: {
    readonly call: ToolCallInput;
    readonly serverName: string;
    readonly toolName: string;
    readonly decision: 'allowed' | 'pending';
    readonly requester: ExecutionContext;
  };
}

/** Tells a waiting call that people have decided, or that it was taken back; starts its workflow where it is not there yet. */
export interface ToolCallDecidedMessage {
  readonly topic: 'tool.decided';
  readonly workflowId: string;
  readonly payload: ToolCallMessage['payload'];
}

/** Starts the workflow that watches a tool server when it is not there; with a discovery, it is told to look for that. */
export interface WatchServerMessage {
  readonly topic: 'server.watch';
  readonly workflowId: string;
  readonly payload: {
    readonly serverId: string;
    readonly serverName: string;
    readonly discoveryId: string | null;
    readonly requester: ExecutionContext;
  };
}

/** Has the workflow of a server look at once: its server was changed or put out of use. */
export interface LookAtServerMessage {
  readonly topic: 'server.look';
  readonly workflowId: string;
  readonly payload: { readonly serverId: string; readonly requester: ExecutionContext };
}

export type OutboxMessage =
  | RunJobMessage
  | UpsertScheduleMessage
  | DeleteScheduleMessage
  | FanOutMessage
  | ResumeMessage
  | ToolCallMessage
  | ToolCallDecidedMessage
  | WatchServerMessage
  | LookAtServerMessage;

/** Where the outbox delivers to. Delivering a message again must do no harm. */
export interface OutboxPort {
  deliver(message: OutboxMessage): Promise<void>;
}
