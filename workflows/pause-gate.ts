import { ApplicationFailure, condition, defineSignal, setHandler } from '@temporalio/workflow';
import type { ErrorCode, ReasonCode } from '../contracts/errors';
import { resumeSignalName } from '../contracts/workflow-messages';
import { pauseOf, readFailure } from './governance/ended-work';
import { runAsSystem } from './interceptors/context';
import { isKilled } from './interceptors/kill-switch';
import type { KnowledgeActivities } from './knowledge-activities';

/** Sent when a pause has ended, by its release or by a person; the step is then tried again. */
export const resumeSignal = defineSignal<[{ readonly pauseId: string }]>(resumeSignalName);

interface PausedStep {
  readonly planeId: string;
  readonly jobId: string;
  enter(stage: string, details: string): void;
}

export interface PauseGate {
  /** Runs a step. Where a pause switch refuses its start it waits, as long as the switch allows, and tries again. */
  pass<T>(at: PausedStep, step: () => Promise<T>): Promise<T>;
}

/** Call it before the first await, so that no signal to resume comes before its handler. */
export function createPauseGate({ records }: Pick<KnowledgeActivities, 'records'>): PauseGate {
  let resumed: string | undefined;
  setHandler(resumeSignal, ({ pauseId }) => {
    resumed = pauseId;
  });

  async function hold({ planeId, jobId, enter }: PausedStep, at: { switchId: string; epoch: number }): Promise<void> {
    const job = { planeId, jobId, switchId: at.switchId, switchEpoch: at.epoch };
    const pause = await runAsSystem(() => records.openPause(job));
    if (!pause.paused) return;
    const { pauseId, warnInMs, endInMs, escalated } = pause;
    const isResumed = () => resumed === pauseId;
    enter('paused', `Job ${jobId} waits at pause ${pauseId}.`);
    if (escalated) return condition(isResumed);
    if (warnInMs > 0) {
      if (await condition(isResumed, warnInMs)) return;
      await runAsSystem(() => records.warnPause({ pauseId }));
    }
    if (await condition(isResumed, Math.max(endInMs, 1))) return;
    const { decision } = await runAsSystem(() => records.expirePause({ pauseId }));
    if (decision === 'terminate') throw outOfTime();
    if (decision === 'wait') await condition(isResumed);
  }

  return {
    async pass(at, step) {
      for (;;) {
        try {
          return await step();
        } catch (error) {
          const pause = isKilled() ? undefined : pauseOf(readFailure(error));
          if (pause === undefined) throw error;
          await hold(at, pause);
        }
      }
    },
  };
}

// The job ends as stopped: nothing failed, and a retry goes on from its checkpoints.
function outOfTime(): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'action_blocked' satisfies ErrorCode,
    message: 'the job was paused for longer than its switch allows; retry it when the pause is over',
    details: [{ reason: 'SWITCH_ENGAGED' satisfies ReasonCode }],
    nonRetryable: true,
  });
}
