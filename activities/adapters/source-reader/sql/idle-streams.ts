import { sqlLimits } from './limits';
import type { RowStream } from './row-stream';

interface Waiting {
  readonly cursor: string;
  readonly stream: RowStream;
  readonly timer: NodeJS.Timeout;
}

/** Sessions that wait for their reader to come back for the next page; one that does not is closed. */
export function createIdleStreams() {
  const waiting = new Map<string, Waiting>();

  function remove(sourceId: string): Waiting | undefined {
    const found = waiting.get(sourceId);
    if (found !== undefined) clearTimeout(found.timer);
    waiting.delete(sourceId);
    return found;
  }

  return {
    /** The session that stands at the cursor, if there is one that still lives. */
    take(sourceId: string, cursor: string | null): RowStream | undefined {
      const found = remove(sourceId);
      if (found !== undefined && found.cursor === cursor && found.stream.isAlive()) return found.stream;
      void found?.stream.close();
      return undefined;
    },

    put(sourceId: string, cursor: string, stream: RowStream): void {
      void remove(sourceId)?.stream.close();
      const timer = setTimeout(() => void remove(sourceId)?.stream.close(), sqlLimits.idleMs);
      timer.unref();
      waiting.set(sourceId, { cursor, stream, timer });
    },

    async closeAll(): Promise<void> {
      const streams = [...waiting.keys()].map((sourceId) => remove(sourceId)?.stream);
      await Promise.all(streams.map(async (stream) => stream?.close()));
    },
  };
}
