import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../test/support/free-port';
import { startLoad } from './memory/load';
import { sample, type MemorySample, type SampledProcess } from './memory/samples';
import { childPid } from './support/cpu';
import { report } from './support/report';
import { startBenchStack } from './support/stack';
import { quantile, slope } from './support/statistics';

const minutes = Number(process.env.BENCH_MINUTES ?? 10);
const sampleEveryMs = 3_000;
const reportEverySamples = 20;
const limits = { worker: 800, api: 500 } as const;
/** A rise that the noise of collections and pools explains; ten minutes of a real leak show more. */
const slopeMaxMbPerMinute = 3;

type Name = keyof typeof limits;
const names = Object.keys(limits) as Name[];

/** The memory of API and worker while planes change, are onboarded and are asked, all the time. */
async function main(): Promise<void> {
  const place = await mkdtemp(path.join(tmpdir(), 'aos-memory-'));
  const workerPort = await freePort();
  process.env.AOS_WORKER_METRICS_PORT = String(workerPort);
  const stack = await startBenchStack({ fileRoots: [place] });
  try {
    const processes: Record<Name, SampledProcess> = {
      worker: { pid: childPid('worker.js'), metricsUrl: `http://127.0.0.1:${workerPort}/metrics` },
      api: { pid: childPid('server.js'), metricsUrl: `${stack.credentials.api_url}/metrics` },
    };
    const load = await startLoad(stack, place);
    const beganMs = Date.now();
    const samples: Record<Name, MemorySample[]> = { worker: [], api: [] };
    while (Date.now() - beganMs < minutes * 60_000) {
      for (const name of names) samples[name].push(await sample(processes[name], beganMs));
      if (samples.api.length % reportEverySamples === 0) {
        report({ bench: 'memory', cell: 'so far', ...latest(samples), ...load.counts });
      }
      await sleep(sampleEveryMs);
    }
    await load.stop();
    const { rounds, questions, hits } = load.counts;
    report({ bench: 'memory', cell: 'work was done', ok: rounds > 1 && questions > 1 && hits > 0, ...load.counts });
    for (const name of names) reportProcess(name, samples[name]);
  } finally {
    await stack.stop();
    await rm(place, { recursive: true, force: true });
  }
}

function latest(samples: Readonly<Record<Name, readonly MemorySample[]>>) {
  return Object.fromEntries(names.map((name) => [name, samples[name].at(-1)]));
}

function reportProcess(name: Name, samples: readonly MemorySample[]): void {
  const lastHalf = samples.slice(samples.length / 2);
  const slopeOf = (of: (each: MemorySample) => number) =>
    slope(lastHalf.map((each) => [each.minutes, of(each)] as const).filter(([, value]) => !Number.isNaN(value)));
  const rss = samples.map(({ rssMb }) => rssMb);
  const rssSlope = slopeOf(({ rssMb }) => rssMb);
  report({
    bench: 'memory',
    cell: name,
    ok: Math.max(...rss) <= limits[name] && rssSlope <= slopeMaxMbPerMinute,
    max_mb: Math.max(...rss),
    goal_mb: limits[name],
    p50_mb: quantile(rss, 0.5),
    slope_mb_per_minute: rssSlope,
    goal_mb_per_minute: slopeMaxMbPerMinute,
    heap_slope_mb_per_minute: slopeOf(({ heapMb }) => heapMb),
    external_slope_mb_per_minute: slopeOf(({ externalMb }) => externalMb),
    heap_max_mb: Math.max(...samples.map(({ heapMb }) => heapMb).filter((value) => !Number.isNaN(value))),
    samples: samples.length,
    minutes,
  });
}

void main();
