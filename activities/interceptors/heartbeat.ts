import { type Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';

/** Tells the server that the worker lives, three times within the time-out. Progress is kept in rows, not here. */
export function heartbeatInterceptors(context: Context): ActivityInterceptors {
  return {
    inbound: {
      async execute(input, next) {
        const { heartbeatTimeoutMs } = context.info;
        if (heartbeatTimeoutMs === undefined) return next(input);
        const timer = setInterval(() => context.heartbeat(), Math.max(heartbeatTimeoutMs / 3, 100));
        try {
          return await next(input);
        } finally {
          clearInterval(timer);
        }
      },
    },
  };
}
