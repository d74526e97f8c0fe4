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
    Object.entries(parts).map(async ([name, check]) => [name, await inTime(check, timeoutMs)] as const),
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

async function inTime(check: Check, timeoutMs: number): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Answer>((resolve) => {
    const answer = { isHealthy: false, isSilent: true, message: `no answer within ${timeoutMs} ms` };
    timer = setTimeout(() => resolve(answer), timeoutMs);
  });
  const answer = check().then(
    (): Answer => ({ isHealthy: true, isSilent: false }),
    (error: unknown): Answer => ({
      isHealthy: false,
      isSilent: false,
      message: error instanceof Error ? error.message : 'unknown',
    }),
  );
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
