import { log } from '@temporalio/activity';
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

type Signalled = 'signalled' | 'not running' | 'not reached';

interface Page {
  readonly thrown: ThrownSwitch;
  readonly page: readonly KnownWorkflow[];
  readonly step: string;
  readonly running: boolean;
}

const pageMax = 100;
const signalsAtOnce = 20;
/** Signals per second at most, so that an emergency does not drown the engine that must carry it out. */
const signalsPerSecondMax = 400;
const survivorIdsMax = 100;

/** Carries a throw to the workflows in its scope; every one that is signalled is written down. */
export function createFanOutActivities({ dispatch, fanOutReads, workflows }: FanOutDependencies) {
  async function signal(input: ThrowInput, { reason }: ThrownSwitch, target: KnownWorkflow): Promise<Signalled> {
    try {
      return (await workflows.signalKill(target, { ...input, reason })) ? 'signalled' : 'not running';
    } catch (error) {
      // One that cannot be reached must not keep the others from being stopped.
      log.warn('a workflow could not be sent the kill signal', { target: target.workflowId, error: String(error) });
      return 'not reached';
    }
  }

  /** `running`: the index shows these; else they are ids by which something may run. */
  async function signalPage(input: ThrowInput, { thrown, page, step, running }: Page): Promise<number> {
    const began = Date.now();
    const sent = await mapConcurrently(page, signalsAtOnce, async ({ workflowId, tenantId }) => ({
      workflowId,
      how: await signal(input, thrown, { workflowId, tenantId }),
    }));
    const seen = running ? sent : sent.filter(({ how }) => how !== 'not running');
    await dispatch(currentContext(), 'governance.fan_out.record', {
      params: {
        ...input,
        targets: seen.map(({ workflowId, how }) => ({ workflowId, signalled: how === 'signalled' })),
      },
      idempotencyKey: attemptKey(step),
    });
    const pace = (1_000 * page.length) / signalsPerSecondMax - (Date.now() - began);
    if (pace > 0) await new Promise((resolve) => setTimeout(resolve, pace));
    return sent.filter(({ how }) => how === 'not reached').length;
  }

  return {
    /** Signals what the rows say is at work. False when the throw is no longer in force; fails when some were not reached. */
    async signalKnownWorkflows(input: ThrowInput): Promise<boolean> {
      let after = '';
      let missed = 0;
      for (;;) {
        workSignal().throwIfAborted();
        const thrown = await fanOutReads.readThrow(input.switchId, input.epoch);
        if (thrown === undefined) return false;
        const page = await fanOutReads.listKnown(thrown, { after, limit: pageMax });
        if (page.length === 0) break;
        const step = `known/${page[0]?.workflowId ?? ''}`;
        missed += await signalPage(input, { thrown, page, step, running: false });
        after = page.at(-1)?.workflowId ?? '';
      }
      if (missed > 0) throw new Error(`${missed} workflows could not be sent the kill signal`);
      return true;
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
        if (page.length > 0) await signalPage(input, { thrown, page, step: `sweep/${pages++}`, running: true });
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
