import type { Draw } from '../random';
import { drawInjection, type FaultId, type Injection } from './catalogue';

export interface Planned {
  readonly atMs: number;
  readonly fault: FaultId;
  readonly injection: Injection;
}

const calmMs = 3_000;

/**
 * What is injected when; it follows from the seed, the faults and the length alone. Each fault comes up once before any
 * comes up again. A third of them begin while the one before is still at work.
 */
export function planFaults({
  draw,
  faults,
  totalMs,
}: {
  draw: Draw;
  faults: readonly FaultId[];
  totalMs: number;
}): Planned[] {
  const momentary = faults.filter((fault) => drawInjection[fault] !== undefined);
  const planned = faults.includes('F12') ? [newVersion(draw, totalMs)] : [];
  let left: FaultId[] = [];
  if (momentary.length === 0) return planned;
  for (let atMs = calmMs; ;) {
    if (left.length === 0) left = draw.shuffle(momentary);
    const fault = left.shift() as FaultId;
    const injection = drawInjection[fault]?.(draw);
    if (injection === undefined) continue;
    if (atMs + durationOf(injection) > totalMs) return planned.toSorted((one, other) => one.atMs - other.atMs);
    planned.push({ atMs, fault, injection });
    const overlaps = draw.chance(0.35);
    atMs += (overlaps ? Math.floor(durationOf(injection) / 3) : durationOf(injection)) + draw.between(500, 3_000);
  }
}

// There is no way back, and old runs are to be open when it comes.
function newVersion(draw: Draw, totalMs: number): Planned {
  const atMs = draw.between(Math.floor(totalMs / 4), Math.floor(totalMs / 2));
  return { atMs, fault: 'F12', injection: { kind: 'new-version' } };
}

/** About how long it lasts, in milliseconds. */
export function durationOf(injection: Injection): number {
  if ('forMs' in injection) return injection.forMs;
  if ('downMs' in injection) return injection.downMs;
  if (injection.kind === 'stop-postgres') return injection.everyMs.reduce((sum, ms) => sum + ms, 0);
  return 2_000;
}

/** In a few words. */
export function describe(injection: Injection): string {
  return Object.values(injection).flat().join(' ');
}
