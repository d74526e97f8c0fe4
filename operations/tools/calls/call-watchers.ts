import { isAtLeast, type LogEntry, type LogLevel, type ProgressOfCall } from '../../../contracts/server-logs';

/** Somebody who is told how a call gets on while it is on its way. */
export interface CallWatcher {
  readonly onProgress?: (progress: ProgressOfCall) => void;
  readonly log?: WatchedLog;
  /** The end is on record. */
  readonly onSettled?: () => void;
}

export interface WatchedLog {
  /** The least that is wanted. */
  readonly level: LogLevel;
  on(entry: LogEntry): void;
}

/**
 * Who watches calls in this process. Nothing of it is kept, and nothing depends on it: a call that is carried out by another
 * process is watched by nobody.
 */
export interface CallWatchers {
  /** Returns what ends it. */
  watch(invocationId: string, watcher: CallWatcher): () => void;
  /** All of them as one, for whoever carries the call out. */
  of(invocationId: string): Pick<CallWatcher, 'onProgress' | 'log'>;
  settled(invocationId: string): void;
}

export function createCallWatchers(): CallWatchers {
  const byCall = new Map<string, Set<CallWatcher>>();
  const listed = (invocationId: string) => [...(byCall.get(invocationId) ?? [])];
  return {
    watch(invocationId, watcher) {
      const own = { ...watcher };
      byCall.set(invocationId, (byCall.get(invocationId) ?? new Set()).add(own));
      return () => {
        const others = byCall.get(invocationId);
        others?.delete(own);
        if (others?.size === 0) byCall.delete(invocationId);
      };
    },
    settled: (invocationId) => listed(invocationId).forEach((each) => each.onSettled?.()),
    of(invocationId) {
      const now = listed(invocationId);
      const levels = now.flatMap(({ log }) => (log === undefined ? [] : [log.level]));
      const [first, ...rest] = levels;
      return {
        ...(now.some(({ onProgress }) => onProgress !== undefined) && {
          onProgress: (progress) => listed(invocationId).forEach((each) => each.onProgress?.(progress)),
        }),
        ...(first !== undefined && {
          log: {
            level: rest.reduce((least, level) => (isAtLeast(level, least) ? least : level), first),
            on: (entry) =>
              listed(invocationId).forEach(({ log }) => {
                if (log !== undefined && isAtLeast(entry.level, log.level)) log.on(entry);
              }),
          },
        }),
      };
    },
  };
}
