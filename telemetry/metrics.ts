import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { inTime } from '../in-time';

const keptMs = 5_000;
const timeoutMs = 3_000;

/** What one process tells Prometheus. Labels come from closed sets: never an id of a tenant, a plane or a request. */
export interface Metrics {
  readonly registry: Registry;
  readonly contentType: string;
  /** Reads something before a page is written, at most every few seconds; what fails is left out and counted as down. */
  collect(name: string, read: () => Promise<void>, forget?: () => void): void;
  /** A page of somebody else's series, appended to ours. */
  append(name: string, read: () => Promise<string>): void;
  /** Node's own series: event loop, heap, garbage collection, processor time. For processes, not for tests. */
  watchProcess(): void;
  page(): Promise<string>;
}

export function createMetrics({ version }: { version: string }): Metrics {
  const registry = new Registry();
  const info = gauge(registry, 'aos_build_info', 'Always 1; what runs here', ['version', 'node']);
  info.set({ version, node: process.version }, 1);
  const up = gauge(registry, 'aos_collector_up', 'Whether the series of this collector could be read', ['collector']);
  const collectors: (() => Promise<void>)[] = [];
  const pages: (() => Promise<string>)[] = [];

  async function attempt<T>(name: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await inTime(read(), timeoutMs);
      up.set({ collector: name }, 1);
      return result;
    } catch {
      up.set({ collector: name }, 0);
      return undefined;
    }
  }

  return {
    registry,
    contentType: registry.contentType,
    collect(name, read, forget) {
      const look = async () => {
        const isRead = (await attempt(name, () => read().then(() => true))) === true;
        // A number from before the fault would look like one of now.
        if (!isRead) forget?.();
      };
      collectors.push(atMostEvery(keptMs, look));
    },
    append: (name, read) => void pages.push(async () => (await attempt(name, read)) ?? ''),
    watchProcess: () => collectDefaultMetrics({ register: registry }),
    async page() {
      await Promise.all(collectors.map((look) => look()));
      const others = await Promise.all(pages.map((read) => read()));
      return [await registry.metrics(), ...others].join('\n');
    },
  };
}

export function gauge<L extends string>(registry: Registry, name: string, help: string, labelNames: readonly L[] = []) {
  return new Gauge({ name, help, labelNames: [...labelNames], registers: [registry] });
}

function atMostEvery(intervalMs: number, work: () => Promise<void>): () => Promise<void> {
  let latest: { readonly at: number; readonly done: Promise<void> } | undefined;
  return () => {
    if (latest === undefined || Date.now() - latest.at > intervalMs) latest = { at: Date.now(), done: work() };
    return latest.done;
  };
}
