import { setTimeout as sleep } from 'node:timers/promises';
import type { Ledger } from '../ledger';
import { say, type Report } from '../report';
import { inject, type Surroundings } from './inject';
import { describe, type Planned } from './schedule';

interface FaultsOptions {
  readonly surroundings: Surroundings;
  readonly totalMs: number;
  readonly report: Report;
  readonly ledger: Ledger;
}

/** Carries the plan out, each at its time, and returns when the time is over and all of them were taken back. */
export async function runFaults(
  plan: readonly Planned[],
  { surroundings, totalMs, report, ledger }: FaultsOptions,
): Promise<void> {
  const beganMs = Date.now();
  const running = plan.map(async ({ atMs, fault, injection }) => {
    await sleep(atMs);
    const words = describe(injection);
    say(`${seconds(Date.now() - beganMs)}  ${fault}  ${words}`);
    ledger.write({ kind: 'fault', fault, isOver: false });
    const outcome = await inject(injection, surroundings);
    ledger.write({ kind: 'fault', fault, isOver: true });
    report.fault(fault, `${seconds(atMs)} ${words}`, outcome);
  });
  await Promise.all([...running, sleep(totalMs)]);
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1).padStart(6)} s`;
