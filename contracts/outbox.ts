import type { ExecutionContext } from './execution-context';

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

export type OutboxMessage = RunJobMessage;

/** Where the outbox delivers to. Delivering a message again must do no harm. */
export interface OutboxPort {
  deliver(message: OutboxMessage): Promise<void>;
}
