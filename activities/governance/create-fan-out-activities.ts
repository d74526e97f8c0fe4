import { currentContext } from '../../context';
import type { Dispatch } from '../../operations/catalogue';
import type { FanOutReads, KnownWorkflow, ThrownSwitch } from '../../operations/governance/fan-out-reads';
import { attemptKey, stepKey } from '../attempt-key';
import { mapConcurrently } from '../map-concurrently';
import { workSignal } from '../work-signal';

export interface ThrowInput {
  readonly switchId: string;
  readonly epoch: number;
}

/** The engine as the fan-out needs it. */
export interface WorkflowControl {
  /** Sends the kill signal. False when no execution of this id is running. */
  signalKill(target: KnownWorkflow, input: ThrowInput & { readonly reason: string }): Promise<boolean>;
  /** Executions in the scope that began before the throw and still run, as the visibility index has them. */
  listRunning(thrown: ThrownSwitch): AsyncIterable<KnownWorkflow>;
}

export interface FanOutDependencies {
  readonly dispatch: Dispatch;
  readonly fanOutReads: FanOutReads;
  readonly workflows: WorkflowControl;
}

const pageMax = 100;
const signalsAtOnce = 20;
/** Signals per second at most, so that an emergency does not drown the engine that must carry it out. */
const signalsPerSecondMax = 400;
const survivorIdsMax = 100;

/** Carries a throw to the workflows in its scope; every one that is signalled is written down. */
export function createFanOutActivities({ dispatch, fanOutReads, workflows }: FanOutDependencies) {
  /** `isSeen`: these run; else they are ids by which something may. */
  async function signalPage(
    input: ThrowInput,
    {
      thrown,
      page,
      step,
      isSeen,
    }: { thrown: ThrownSwitch; page: readonly KnownWorkflow[]; step: string; isSeen: boolean },
  ): Promise<void> {
    const began = Date.now();
    const targets = await mapConcurrently(page, signalsAtOnce, async (target) => ({
      ...target,
      signalled: await workflows.signalKill(target, { ...input, reason: thrown.reason }),
    }));
    await dispatch(currentContext(), 'governance.fan_out.record', {
      params: { ...input, targets: isSeen ? targets : targets.filter(({ signalled }) => signalled) },
      idempotencyKey: attemptKey(step),
    });
    const pace = (1_000 * page.length) / signalsPerSecondMax - (Date.now() - began);
    if (pace > 0) await new Promise((resolve) => setTimeout(resolve, pace));
  }

  return {
    /** Signals what the rows say is at work. False when the throw is no longer in force. */
    async signalKnownWorkflows(input: ThrowInput): Promise<boolean> {
      let after = '';
      for (;;) {
        workSignal().throwIfAborted();
        const thrown = await fanOutReads.readThrow(input.switchId, input.epoch);
        if (thrown === undefined) return false;
        const page = await fanOutReads.listKnown(thrown, { after, limit: pageMax });
        if (page.length === 0) return true;
        await signalPage(input, { thrown, page, step: `known/${page[0]?.workflowId ?? ''}`, isSeen: false });
        after = page.at(-1)?.workflowId ?? '';
      }
    },

    /** Signals whatever the visibility index still shows, and says which those are. */
    async sweepRunningWorkflows(input: ThrowInput): Promise<SweepResult> {
      let open = 0;
      const openIds: string[] = [];
      let page: KnownWorkflow[] = [];
      let pages = 0;
      const thrown = await fanOutReads.readThrow(input.switchId, input.epoch);
      if (thrown === undefined) return { inForce: false, open, openIds };
      const flush = async () => {
        if (page.length > 0) await signalPage(input, { thrown, page, step: `sweep/${pages++}`, isSeen: true });
        page = [];
      };
      for await (const target of workflows.listRunning(thrown)) {
        workSignal().throwIfAborted();
        open += 1;
        if (openIds.length < survivorIdsMax) openIds.push(target.workflowId);
        page.push(target);
        if (page.length === pageMax) await flush();
      }
      await flush();
      return { inForce: true, open, openIds };
    },

    endFanOut: async ({ status, sweep, ...input }: EndedFanOut): Promise<Record<string, number>> =>
      dispatch(currentContext(), 'governance.fan_out.end', {
        params: { ...input, status, survivors: sweep.open, survivorIds: [...sweep.openIds] },
        idempotencyKey: stepKey('end'),
      }),
  };
}

export interface SweepResult {
  /** False when the switch was released, or thrown again. */
  readonly inForce: boolean;
  readonly open: number;
  readonly openIds: readonly string[];
}

export interface EndedFanOut extends ThrowInput {
  readonly status: 'completed' | 'superseded';
  readonly sweep: SweepResult;
}
