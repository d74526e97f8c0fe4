import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';
import { currentContext, withContext } from '../../context';
import { freezeContext } from '../../contracts/execution-context';
import { idAttributes, inSpan } from '../../telemetry/spans';

/** Each attempt is a span below the one that its workflow made for the activity. */
export function tracingInterceptors({ info }: Context): ActivityInterceptors {
  return {
    inbound: {
      execute(input, next) {
        const context = currentContext();
        const attributes = { ...idAttributes(context), 'temporal.activity': info.activityType, attempt: info.attempt };
        return inSpan({ name: `activity ${info.activityType}`, attributes, from: context }, (spanId) =>
          spanId === undefined ? next(input) : withContext(freezeContext({ ...context, spanId }), () => next(input)),
        );
      },
    },
  };
}
