import { createGovernanceActivities } from '../governance/create-governance-activities';
import type { CallDependencies } from './call-dependencies';
import { createAwaitCall } from './await-call';
import { createCallTool } from './call-tool';
import { createCloseCall } from './close-call';

export type { CallDependencies, CarryDependencies } from './call-dependencies';

/** What the workers of the queue of calls run: calls, and what every workflow needs. */
export function createCallActivities(dependencies: CallDependencies) {
  return {
    ...createGovernanceActivities(dependencies),
    callTool: createCallTool(dependencies),
    closeCall: createCloseCall(dependencies),
  };
}

export type CallActivities = ReturnType<typeof createCallActivities>;

/** What is asked of one process about the calls that it has under way. */
export function createOwnCallActivities(dependencies: Pick<CallDependencies, 'underWay'>) {
  return { awaitCall: createAwaitCall(dependencies) };
}

export type OwnCallActivities = ReturnType<typeof createOwnCallActivities>;
