import { readFileSync } from 'node:fs';
import { z } from 'zod';

export interface MemorySample {
  /** Since the beginning. */
  readonly minutes: number;
  readonly rssMb: number;
  /** JavaScript's own, as the process tells; NaN when its page did not answer. */
  readonly heapMb: number;
  /** Buffers outside of that heap, as the process tells. */
  readonly externalMb: number;
}

export interface SampledProcess {
  readonly pid: number;
  readonly metricsUrl: string;
}

const megabyte = 1024 * 1024;

export async function sample({ pid, metricsUrl }: SampledProcess, beganMs: number): Promise<MemorySample> {
  const page = await fetch(metricsUrl, { signal: AbortSignal.timeout(3_000) })
    .then((response) => response.text())
    .catch(() => '');
  return {
    minutes: (Date.now() - beganMs) / 60_000,
    rssMb: residentKb(pid) / 1024,
    heapMb: seriesOf(page, 'nodejs_heap_size_used_bytes') / megabyte,
    externalMb: seriesOf(page, 'nodejs_external_memory_bytes') / megabyte,
  };
}

function residentKb(pid: number): number {
  return z.coerce.number().parse(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

function seriesOf(page: string, name: string): number {
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(page)?.[1]);
}
