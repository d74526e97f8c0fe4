import { epochsOf, type Scope, type SeenEpochs, type SwitchRow } from '../contracts/switches';
import { switchRefusal } from '../operations/transaction/fence';
import { engagedKill, type Running, type RunningWork } from './running-work';
import { withWorkSignal } from './work-signal';

/** Reads the kill switches of the scopes. Throws when it cannot. */
export type ReadKills = (input: {
  readonly tenantId: string;
  readonly scopes: readonly Scope[];
}) => Promise<readonly SwitchRow[]>;

export interface KillSwitchOptions {
  readonly readKills: ReadKills;
  /** What a watcher of the switches stops as soon as it hears of a throw. */
  readonly running: RunningWork;
  /** Between two looks of our own, should the watcher be deaf; 30 s at most. */
  readonly intervalMs?: number;
}

export interface StoppableWork {
  readonly tenantId: string;
  readonly scopes: readonly Scope[];
  /** Aborts for reasons other than a switch. */
  readonly cancelled: AbortSignal;
  /** False for work that does nothing before an operation of its own has passed the fence, and says then what it read. */
  readonly looksFirst: boolean;
}

/**
 * Looks at the switches before the work starts, lists it for the watcher while it runs, and looks again now and then. This
 * saves work; what may commit is decided by the fence. Switches that cannot be read refuse the start.
 */
export async function runStoppable<T>(
  { readKills, running, intervalMs = 25_000 }: KillSwitchOptions,
  { tenantId, scopes, cancelled, looksFirst }: StoppableWork,
  work: () => Promise<T>,
): Promise<T> {
  const killed = new AbortController();
  const stop = (reason: unknown) => killed.abort(reason);
  const listed: Running = { tenantId, scopes, seen: undefined, isOvertaken: false, stop };
  // Listed before the first look, so that no throw falls between the two.
  const leave = running.add(listed);
  const look = async () => {
    const rows = await readKills({ tenantId, scopes });
    refuseWhenKilled(rows, listed.seen);
    listed.seen ??= epochsOf(rows);
  };
  const passed = async (seen: SeenEpochs) => {
    listed.seen ??= seen;
    if (listed.isOvertaken) await look().catch(stop);
  };
  let timer: NodeJS.Timeout | undefined;
  try {
    if (looksFirst) {
      await look();
      if (listed.isOvertaken) await look();
    }
    killed.signal.throwIfAborted();
    timer = setInterval(() => void look().catch(stop), intervalMs);
    return await withWorkSignal({ signal: AbortSignal.any([killed.signal, cancelled]), passed }, work);
  } catch (error) {
    throw killed.signal.aborted ? killed.signal.reason : error;
  } finally {
    clearInterval(timer);
    leave();
  }
}

export function refuseWhenKilled(rows: readonly SwitchRow[], seen?: SeenEpochs): void {
  const engaged = engagedKill(rows, seen);
  if (engaged !== undefined) throw switchRefusal(engaged);
}
