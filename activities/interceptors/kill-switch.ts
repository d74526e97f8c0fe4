import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors, ActivityInterceptorsFactory } from '@temporalio/worker';
import { currentContext } from '../../context';
import { killExemptActivities } from '../../contracts/workflow-messages';
import { scopesOf } from '../scopes';
import { refuseWhenKilled, runStoppable, type KillSwitchOptions } from '../stoppable-work';

/** What they begin may outlive them, and is stopped by switches on its own. */
const standAside: readonly string[] = ['beginCall', 'callTool'];

/** Stops activities by the kill switches of whatever they belong to. */
export function killSwitchInterceptors(options: KillSwitchOptions): ActivityInterceptorsFactory {
  return ({ info, cancellationSignal }: Context): ActivityInterceptors => ({
    inbound: {
      async execute(input, next) {
        const { activityType, isLocal } = info;
        if (standAside.includes(activityType) || killExemptActivities.includes(activityType)) return next(input);
        const context = currentContext();
        const { tenantId } = context;
        const scopes = scopesOf({ activityType, args: input.args, context });
        if (!isLocal) {
          const work = { tenantId, scopes, cancelled: cancellationSignal, looksFirst: true };
          return runStoppable(options, work, () => next(input));
        }
        refuseWhenKilled(await options.readKills({ tenantId, scopes }));
        return next(input);
      },
    },
  });
}
