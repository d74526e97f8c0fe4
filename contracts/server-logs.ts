/** Of MCP (RFC 5424), from what matters least on. */
export const logLevels = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const;
export type LogLevel = (typeof logLevels)[number];

export function isLogLevel(value: unknown): value is LogLevel {
  return logLevels.some((level) => level === value);
}

export function isAtLeast(level: LogLevel, least: LogLevel): boolean {
  return logLevels.indexOf(level) >= logLevels.indexOf(least);
}

/** What a server logs while it works for a caller: a stranger's word. */
export interface LogEntry {
  readonly level: LogLevel;
  readonly logger?: string;
  readonly data: unknown;
}

export interface ProgressOfCall {
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}

export const noticeLimits = {
  /** One log entry, as JSON. */
  entryBytes: 64 * 1024,
  /** Of progress and log entries that are told during one request. */
  perRequest: 1_000,
} as const;
