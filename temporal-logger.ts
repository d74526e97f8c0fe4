import type { Logger } from 'pino';

/** What the engine's own code logs, in the process's log. */
export function temporalLogger(logger: Logger) {
  const write =
    (level: 'trace' | 'debug' | 'info' | 'warn' | 'error') => (message: string, meta?: Record<string, unknown>) =>
      logger[level](meta ?? {}, message);
  const byName = {
    trace: write('trace'),
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  };
  return {
    ...byName,
    log: (level: 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR', message: string, meta?: Record<string, unknown>) =>
      byName[level.toLowerCase() as keyof typeof byName](message, meta),
  };
}
