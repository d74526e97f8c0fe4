import { inTime, NoAnswer } from '../in-time';
import type { Check } from './boot-checks';

export interface ComponentHealth {
  readonly healthy: boolean;
  readonly message?: string;
}

export interface HealthReport {
  readonly ready: boolean;
  readonly components: Record<string, ComponentHealth>;
}

export interface Look extends HealthReport {
  /** Parts that gave no answer in time, and so none about themselves. */
  readonly silent: readonly string[];
}

/** Looks at every part for real. A part that does not answer in time is unhealthy, and none is taken on trust. */
export async function look(parts: Readonly<Record<string, Check>>, timeoutMs: number): Promise<Look> {
  const entries = await Promise.all(
    Object.entries(parts).map(async ([name, check]) => [name, await ask(check, timeoutMs)] as const),
  );
  return {
    ready: entries.every(([, { isHealthy }]) => isHealthy),
    components: Object.fromEntries(
      entries.map(([name, { isHealthy: healthy, message }]) => [
        name,
        { healthy, ...(message !== undefined && { message }) },
      ]),
    ),
    silent: entries.filter(([, { isSilent }]) => isSilent).map(([name]) => name),
  };
}

interface Answer {
  readonly isHealthy: boolean;
  readonly isSilent: boolean;
  readonly message?: string;
}

async function ask(check: Check, timeoutMs: number): Promise<Answer> {
  return inTime(check(), timeoutMs).then(
    () => ({ isHealthy: true, isSilent: false }),
    (error: unknown) => ({
      isHealthy: false,
      isSilent: error instanceof NoAnswer,
      message: error instanceof Error ? error.message : 'unknown',
    }),
  );
}
