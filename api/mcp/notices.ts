import { LOG_LEVEL_META_KEY, type ServerContext } from '@modelcontextprotocol/server';
import { isLogLevel, noticeLimits, type LogLevel } from '../../contracts/server-logs';
import type { CallWatcher } from '../../operations/tools/calls/call-watchers';
import type { Session } from './session';

type Caller = Session['context'];

/** What callers of revision 2025-11-25 want to hear of logs; they say it once, and there is no session to keep it in. */
export interface LogLevels {
  set(caller: Caller, level: LogLevel): void;
  of(caller: Caller): LogLevel;
}

const callersRemembered = 10_000;
const levelUnsaid: LogLevel = 'info';

export function createLogLevels(): LogLevels {
  const levels = new Map<string, LogLevel>();
  const nameOf = ({ tenantId, actor }: Caller) => JSON.stringify([tenantId, actor.id]);
  return {
    set(caller, level) {
      levels.delete(nameOf(caller));
      levels.set(nameOf(caller), level);
      if (levels.size > callersRemembered) levels.delete(levels.keys().next().value ?? '');
    },
    of: (caller) => levels.get(nameOf(caller)) ?? levelUnsaid,
  };
}

/** Tells the client of a request how its call gets on, as far as it has asked to hear of that. */
export function watcherFor(
  ctx: ServerContext,
  { context, isModern, logger }: Pick<Session, 'context' | 'isModern' | 'logger'>,
  levels: LogLevels,
): CallWatcher {
  const { progressToken } = ctx.mcpReq._meta ?? {};
  const envelope: Readonly<Record<string, unknown>> = ctx.mcpReq.envelope ?? {};
  const level = isModern ? envelope[LOG_LEVEL_META_KEY] : levels.of(context);
  let told = 0;
  const tell = (method: string, params: Record<string, unknown>) => {
    told += 1;
    if (told > noticeLimits.perRequest) return;
    // Nobody waits for it: a client that has gone misses it.
    ctx.mcpReq
      .notify({ method, params })
      .catch((error: unknown) => logger.debug({ err: error }, 'a notice was not told'));
  };
  return {
    ...(progressToken !== undefined && {
      onProgress: (progress) => tell('notifications/progress', { progressToken, ...progress }),
    }),
    ...(isLogLevel(level) && { log: { level, on: (entry) => tell('notifications/message', { ...entry }) } }),
  };
}
