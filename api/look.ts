import type { Check } from './boot-checks';

export interface ComponentHealth {
  readonly healthy: boolean;
  readonly message?: string;
}

export interface HealthReport {
  readonly ready: boolean;
  readonly components: Record<string, ComponentHealth>;
}

/** Looks at every part for real. A part that does not answer in time is unhealthy, and none is taken on trust. */
export async function look(parts: Readonly<Record<string, Check>>, timeoutMs: number): Promise<HealthReport> {
  const entries = await Promise.all(
    Object.entries(parts).map(async ([name, check]) => [name, await inTime(check, timeoutMs)] as const),
  );
  return { ready: entries.every(([, { healthy }]) => healthy), components: Object.fromEntries(entries) };
}

async function inTime(check: Check, timeoutMs: number): Promise<ComponentHealth> {
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    });
    await Promise.race([check(), late]);
    return { healthy: true };
  } catch (error) {
    return { healthy: false, message: error instanceof Error ? error.message : 'unknown' };
  } finally {
    clearTimeout(timer);
  }
}
