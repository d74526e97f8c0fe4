import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors, ActivityInterceptorsFactory } from '@temporalio/worker';
import { currentContext } from '../../context';
import type { ExecutionContext } from '../../contracts/execution-context';
import { engagedSwitch, type SwitchRow } from '../../contracts/switches';
import { killExemptActivities } from '../../contracts/workflow-messages';
import { switchRefusal } from '../../operations/transaction/fence';
import { withWorkSignal } from '../work-signal';

/** Reads the switches that touch the context's work: global, tenant, plane and run. Throws when it cannot. */
export type ReadSwitches = (context: ExecutionContext) => Promise<readonly SwitchRow[]>;

export interface KillSwitchOptions {
  readonly readSwitches: ReadSwitches;
  /** Between two looks at the switches; 30 s at most. */
  readonly intervalMs?: number;
}

/**
 * Looks before the work starts and on every interval while it runs, and aborts it when a kill is engaged. This saves
 * work; what may commit is decided by the fence. Switches that cannot be read refuse the start.
 */
export function killSwitchInterceptors({
  readSwitches,
  intervalMs = 10_000,
}: KillSwitchOptions): ActivityInterceptorsFactory {
  return (context: Context): ActivityInterceptors => ({
    inbound: {
      async execute(input, next) {
        if (killExemptActivities.includes(context.info.activityType)) return next(input);
        const execution = currentContext();
        refuseWhenEngaged(await readSwitches(execution));
        if (context.info.isLocal) return next(input);

        const killed = new AbortController();
        const look = async () => {
          try {
            refuseWhenEngaged(await readSwitches(execution));
          } catch (error) {
            killed.abort(error);
          }
        };
        const timer = setInterval(() => void look(), intervalMs);
        try {
          return await withWorkSignal(killed.signal, () => next(input));
        } catch (error) {
          throw killed.signal.aborted ? killed.signal.reason : error;
        } finally {
          clearInterval(timer);
        }
      },
    },
  });
}

function refuseWhenEngaged(rows: readonly SwitchRow[]): void {
  const engaged = engagedSwitch({ rows: rows.filter(({ kind }) => kind === 'kill'), startsWork: false });
  if (engaged !== undefined) throw switchRefusal(engaged);
}
