import { createHash } from 'node:crypto';
import type { Dispatcher } from 'undici';
import { createEgress } from '../../activities/adapters/egress';
import { createHttpReader } from '../../activities/adapters/source-reader/http';
import type { Timing } from '../../activities/adapters/source-reader/http/limits';
import type { SourceAnswer, SourceItem, SourceReader, Validators } from '../../activities/adapters/source-reader/port';

/** Waits that a test need not sit through; what a test is about it sets itself. */
export const quick: Partial<Timing> = { hostIntervalMs: 0, pauseMs: 1, robotsFailureMs: 0 };

export interface TestReader {
  readonly reader: SourceReader;
  /** Every item of a source, by pages of this size. */
  items(config: object, itemsMax?: number): Promise<SourceItem[]>;
  ask(url: string, known?: Validators, signal?: AbortSignal): Promise<SourceAnswer>;
  check(config: object): Promise<void>;
  close(): Promise<void>;
}

/** The http reader behind the real guard, with an object store in memory. */
export function createTestReader(allowed: readonly string[], timing: Partial<Timing> = {}): TestReader {
  const dispatchers: Dispatcher[] = [createEgress({ allowed }), createEgress({ allowed: [] })];
  const [dispatcher, publicDispatcher] = dispatchers as [Dispatcher, Dispatcher];
  const objects = memoryObjects();
  const reader = createHttpReader({ dispatcher, publicDispatcher, objects, timing: { ...quick, ...timing } });
  const never = new AbortController().signal;
  const source = (config: object) => ({ tenantId: 'acme', planeId: 'p', sourceId: 's', config });
  return {
    reader,
    async items(config, itemsMax = 100) {
      const found: SourceItem[] = [];
      let cursor: string | null = null;
      do {
        const page = await reader.readPage(source(config), { cursor, itemsMax, signal: never });
        found.push(...page.items);
        cursor = page.nextCursor;
      } while (cursor !== null);
      return found;
    },
    async ask(url, known, signal = never) {
      const page = await reader.readPage(source({ urls: [url] }), { cursor: null, itemsMax: 1, signal });
      const [item] = page.items;
      if (item?.ask === undefined) throw new Error('an item of an http source can be asked');
      return item.ask(known);
    },
    check: (config) => reader.check(source(config), { signal: never }),
    close: async () => void (await Promise.all(dispatchers.map((each) => each.destroy()))),
  };
}

export async function textOf(answer: SourceAnswer): Promise<string> {
  if (answer.answer !== 'content') throw new Error(JSON.stringify(answer));
  return Buffer.concat(await answer.content.toArray()).toString();
}

function memoryObjects() {
  const kept = new Map<string, Buffer>();
  return {
    async put(tenantId: string, content: unknown) {
      const bytes = content as Buffer;
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      kept.set(`${tenantId}/${sha256}`, bytes);
      return { sha256, bytes: bytes.length };
    },
    async get(tenantId: string, sha256: string) {
      return kept.get(`${tenantId}/${sha256}`) ?? Buffer.alloc(0);
    },
  };
}
