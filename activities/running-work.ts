import { engagedSwitch, type Scope, type SeenEpochs, type SwitchNotice, type SwitchRow } from '../contracts/switches';
import { switchRefusal } from '../operations/transaction/fence';

export interface Running {
  readonly tenantId: string;
  readonly scopes: readonly Scope[];
  /** Epochs at the start, once they were read: a kill thrown since then counts, though it may be off again. */
  seen: SeenEpochs | undefined;
  /** A notice came before they were read, so that they have to be read once more. */
  isOvertaken: boolean;
  stop(reason: unknown): void;
}

export interface RunningWork {
  /** Returns what takes it off the list again. */
  add(running: Running): () => void;
  /** Stops at once whatever runs in the scope of a kill. */
  apply(notices: readonly SwitchNotice[]): void;
  count(): number;
}

const keyOf = (type: string, id: string) => `${type}:${id}`;

/** The work under way in this process, found by the scopes whose switches stop them. */
export function createRunningWork(): RunningWork {
  const byScope = new Map<string, Set<Running>>();
  let total = 0;

  function apply(notice: SwitchNotice): void {
    if (notice.kind !== 'kill') return;
    for (const running of [...(byScope.get(keyOf(notice.scopeType, notice.scopeId)) ?? [])]) {
      if (notice.tenantId !== null && notice.tenantId !== running.tenantId) continue;
      // A notice may come late, after the release that followed it: only its epoch tells whether this work is meant.
      if (running.seen === undefined) running.isOvertaken = true;
      else if (notice.epoch > (running.seen[notice.switchId] ?? 0)) running.stop(switchRefusal(notice));
    }
  }

  return {
    add(running) {
      const keys = new Set(running.scopes.map(({ type, id }) => keyOf(type, id)));
      for (const key of keys) {
        const group = byScope.get(key) ?? new Set<Running>();
        byScope.set(key, group.add(running));
      }
      total += 1;
      let listed = true;
      return () => {
        if (!listed) return;
        listed = false;
        total -= 1;
        for (const key of keys) {
          const group = byScope.get(key);
          group?.delete(running);
          if (group?.size === 0) byScope.delete(key);
        }
      };
    },
    apply: (notices) => notices.forEach(apply),
    count: () => total,
  };
}

/** The kill that ends this work, if any. */
export function engagedKill(rows: readonly SwitchRow[], seen?: SeenEpochs): SwitchRow | undefined {
  return engagedSwitch({ rows: rows.filter(({ kind }) => kind === 'kill'), begins: 'nothing', seen });
}
