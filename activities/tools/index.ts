import { createGovernanceActivities } from '../governance/create-governance-activities';
import { createAwaitCall, createCallTool } from './await-call';
import { createBeginCall, createJoinCall } from './begin-call';
import type { CallDependencies } from './call-dependencies';
import { createCloseCall } from './close-call';

export type { CallDependencies } from './call-dependencies';

/** What the workers of the queue of calls run: calls, and what every workflow needs. */
export function createCallActivities(dependencies: CallDependencies) {
  const joinCall = createJoinCall(dependencies);
  return {
    ...createGovernanceActivities(dependencies),
    beginCall: createBeginCall(joinCall, dependencies),
    callTool: createCallTool(joinCall),
    closeCall: createCloseCall(dependencies),
  };
}

export type CallActivities = ReturnType<typeof createCallActivities>;

/** What is asked of one process about the calls that it has under way. */
export function createOwnCallActivities(dependencies: Pick<CallDependencies, 'underWay'>) {
  return { awaitCall: createAwaitCall(dependencies) };
}

export type OwnCallActivities = ReturnType<typeof createOwnCallActivities>;
