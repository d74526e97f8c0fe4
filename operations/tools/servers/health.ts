import { callableStatuses, lookIntervals, toolLimits, type ServerStatus } from '../../../contracts/tools';

interface Watched {
  readonly status: string;
  readonly health_check_failures: number;
}

export interface Health {
  readonly status: ServerStatus;
  /** Failed looks in a row, counted up to those that make a server offline. */
  readonly failures: number;
}

/** How a server stands after a look: a failure degrades, the third in a row makes offline, a success makes active. */
export function looked(server: Watched, { healthy }: { readonly healthy: boolean }): Health {
  const failures = healthy ? 0 : Math.min(server.health_check_failures + 1, toolLimits.offlineAfter);
  return { failures, status: statusAfter(server.status as ServerStatus, failures) };
}

/** Whether a look is written down: when it changes something, and else so often that it shows that somebody looks. */
export function isWorthRecording(
  server: Watched & { readonly last_health_check_at: Date | null },
  look: { readonly healthy: boolean },
  now: Date,
): boolean {
  const { status, failures } = looked(server, look);
  if (status !== server.status || failures !== server.health_check_failures) return true;
  const last = server.last_health_check_at;
  return last === null || now.getTime() - last.getTime() >= lookIntervals.recordedMs;
}

function statusAfter(status: ServerStatus, failures: number): ServerStatus {
  // One that has not shown its tools yet is made active by a discovery alone.
  if (status === 'pending' && failures > 0) return 'error';
  // What a person put out of use stays so.
  if (!callableStatuses.includes(status) && status !== 'offline') return status;
  if (failures === 0) return 'active';
  return failures >= toolLimits.offlineAfter ? 'offline' : 'degraded';
}
