import pino, { type DestinationStream, type Logger } from 'pino';

const secretNames = ['authorization', 'api_key', 'apiKey', 'admin_key', 'operator_key', 'password', 'secret', 'token'];
const redact = secretNames.flatMap((name) => [name, `*.${name}`, `req.headers.${name}`, `*.headers.${name}`]);

export interface LoggerOptions {
  readonly level: string;
  /** The process that speaks: `api`, `worker`, … */
  readonly process: string;
  /** Ids of the execution context that is current, when there is one. */
  readonly ids?: () => Record<string, string | undefined> | undefined;
  readonly destination?: DestinationStream;
}

/** JSON lines on standard output. Ids come from the context, so no call site passes them. */
export function createLogger({ level, process: name, ids, destination }: LoggerOptions): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: { process: name },
    timestamp: pino.stdTimeFunctions.isoTime,
    mixin: () => ids?.() ?? {},
    redact: { paths: redact, censor: '[redacted]' },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
