import { setTimeout as sleep } from 'node:timers/promises';
import { say, type Report } from '../report';
import { inject, type Surroundings } from './inject';
import { describe, type Planned } from './schedule';

/** Carries the plan out, each at its time, and returns when the time is over and all of them were taken back. */
export async function runFaults(
  plan: readonly Planned[],
  { surroundings, totalMs, report }: { surroundings: Surroundings; totalMs: number; report: Report },
): Promise<void> {
  const beganMs = Date.now();
  const running = plan.map(async ({ atMs, fault, injection }) => {
    await sleep(atMs);
    const words = describe(injection);
    say(`${seconds(Date.now() - beganMs)}  ${fault}  ${words}`);
    const outcome = await inject(injection, surroundings);
    report.fault(fault, `${seconds(atMs)} ${words}`, outcome);
  });
  await Promise.all([...running, sleep(totalMs)]);
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1).padStart(6)} s`;
