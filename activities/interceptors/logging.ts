import { log, type Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';

/** One line for each activity that ended, with the ids of whoever asked for it; names and counts, never content. */
export function loggingInterceptors({ info }: Context): ActivityInterceptors {
  return {
    inbound: {
      async execute(input, next) {
        const began = performance.now();
        const about = () => ({ attempt: info.attempt, durationMs: Math.round(performance.now() - began) });
        try {
          const result = await next(input);
          log.info('activity completed', about());
          return result;
        } catch (error) {
          const { type } = error as { type?: string };
          log.warn('activity failed', { ...about(), code: type ?? 'internal_error' });
          throw error;
        }
      },
    },
  };
}
