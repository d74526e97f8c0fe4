import { currentContext } from '../../context';
import type { ToolCallStep } from '../../contracts/tool-calls';
import { inTime, NoAnswer } from '../../in-time';
import { scopesOf } from '../scopes';
import type { CallDependencies } from './call-dependencies';
import type { CallUnderWay } from './calls-under-way';
import { createCarryCall } from './carry-call';

export interface BeginCallInput {
  readonly invocationId: string;
  /** The scopes by whose switches the call is stopped, beyond those that everything has. */
  readonly scopes: readonly { readonly type: 'server' | 'run'; readonly id: string }[];
}

/** The call is under way still, in the process that answers on this queue. */
export interface CallGoesOn {
  readonly state: 'going_on';
  readonly queue: string;
}

/** Signals reach the workflow only when its task has ended, and as a local activity this is a part of the task. */
const inTaskMs = 1_000;

/** Begins to carry a call out, or joins whoever does so in this process. */
export function createJoinCall(dependencies: CallDependencies) {
  const carry = createCarryCall(dependencies);
  return (input: BeginCallInput): CallUnderWay => {
    const context = currentContext();
    const { tenantId } = context;
    const { invocationId } = input;
    const scopes = scopesOf({ activityType: 'beginCall', args: [input], context });
    return dependencies.underWay.join({ tenantId, invocationId, scopes }, () => carry(invocationId));
  };
}

/**
 * Begins the call and waits for its end for a moment. The call goes on after that; `awaitCall` of the same process tells
 * its end.
 */
export function createBeginCall(joinCall: ReturnType<typeof createJoinCall>, { ownQueue }: CallDependencies) {
  return async (input: BeginCallInput): Promise<ToolCallStep | CallGoesOn> => {
    try {
      return await inTime(joinCall(input).end, inTaskMs);
    } catch (error) {
      if (error instanceof NoAnswer) return { state: 'going_on', queue: ownQueue };
      throw error;
    }
  };
}
