import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors, ActivityInterceptorsFactory } from '@temporalio/worker';
import { currentContext } from '../../context';
import { epochsOf, type Scope, type SeenEpochs, type SwitchRow } from '../../contracts/switches';
import { killExemptActivities } from '../../contracts/workflow-messages';
import { switchRefusal } from '../../operations/transaction/fence';
import { engagedKill, type Running, type RunningWork } from '../running-work';
import { scopesOf } from '../scopes';
import { withWorkSignal } from '../work-signal';

/** Reads the kill switches of the scopes. Throws when it cannot. */
export type ReadKills = (input: {
  readonly tenantId: string;
  readonly scopes: readonly Scope[];
}) => Promise<readonly SwitchRow[]>;

// Activities that do nothing before an operation of theirs has passed the fence, and say then what it read.
const beginsBehindFence: ReadonlySet<string> = new Set(['callTool']);

export interface KillSwitchOptions {
  readonly readKills: ReadKills;
  /** What a watcher of the switches stops as soon as it hears of a throw. */
  readonly running: RunningWork;
  /** Between two looks of our own, should the watcher be deaf; 30 s at most. */
  readonly intervalMs?: number;
}

/**
 * Looks before the work starts, lists it for the watcher while it runs, and looks again now and then. This saves work;
 * what may commit is decided by the fence. Switches that cannot be read refuse the start.
 */
export function killSwitchInterceptors({
  readKills,
  running,
  intervalMs = 25_000,
}: KillSwitchOptions): ActivityInterceptorsFactory {
  return (context: Context): ActivityInterceptors => ({
    inbound: {
      async execute(input, next) {
        const { activityType, isLocal } = context.info;
        if (killExemptActivities.includes(activityType)) return next(input);
        const execution = currentContext();
        const { tenantId } = execution;
        const scopes = scopesOf({ activityType, args: input.args, context: execution });
        if (isLocal) {
          refuseWhenKilled(await readKills({ tenantId, scopes }));
          return next(input);
        }

        const killed = new AbortController();
        const stop = (reason: unknown) => killed.abort(reason);
        const work: Running = { tenantId, scopes, seen: undefined, isOvertaken: false, stop };
        // Listed before the first look, so that no throw falls between the two.
        const leave = running.add(work);
        const look = async () => {
          const rows = await readKills({ tenantId, scopes });
          refuseWhenKilled(rows, work.seen);
          work.seen ??= epochsOf(rows);
        };
        const passed = async (seen: SeenEpochs) => {
          work.seen ??= seen;
          if (work.isOvertaken) await look().catch(stop);
        };
        let timer: NodeJS.Timeout | undefined;
        try {
          if (!beginsBehindFence.has(activityType)) {
            await look();
            if (work.isOvertaken) await look();
          }
          killed.signal.throwIfAborted();
          timer = setInterval(() => void look().catch(stop), intervalMs);
          return await withWorkSignal({ signal: killed.signal, passed }, () => next(input));
        } catch (error) {
          throw killed.signal.aborted ? killed.signal.reason : error;
        } finally {
          clearInterval(timer);
          leave();
        }
      },
    },
  });
}

function refuseWhenKilled(rows: readonly SwitchRow[], seen?: SeenEpochs): void {
  const engaged = engagedKill(rows, seen);
  if (engaged !== undefined) throw switchRefusal(engaged);
}
