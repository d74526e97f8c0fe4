import { z } from 'zod';
import { logLevels, noticeLimits, type LogEntry } from '../../../contracts/server-logs';
import { strangersWords, withoutSecrets } from './strangers-words';

const Message = z.object({ level: z.enum(logLevels), logger: z.string().optional(), data: z.unknown() });

/** What a server logged, without the secrets that it was sent; undefined for what is too large, or no entry. */
export function logEntry(params: unknown, secrets: Iterable<string>): LogEntry | undefined {
  const parsed = Message.safeParse(params);
  if (!parsed.success) return undefined;
  const { level, logger, data } = parsed.data;
  const text = JSON.stringify(data ?? null);
  if (Buffer.byteLength(text) > noticeLimits.entryBytes) return undefined;
  const known = [...secrets].map((secret) => JSON.stringify(secret).slice(1, -1));
  try {
    const told: unknown = JSON.parse(withoutSecrets(text, known));
    return { level, ...(logger !== undefined && { logger: strangersWords(logger, secrets) }), data: told };
  } catch {
    // Of a number nothing is left that is JSON when a secret stands in it.
    return undefined;
  }
}
