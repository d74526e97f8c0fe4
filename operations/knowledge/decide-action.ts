import { EngineError, refusal } from '../../contracts/errors';
import {
  isLegalTransition,
  isPlaneAction,
  planeAction,
  planeActions,
  planeStates,
  type PlaneAction,
  type PlaneActionName,
  type PlaneState,
} from '../../contracts/knowledge';

export interface DecidedAction {
  readonly name: PlaneActionName;
  readonly rule: PlaneAction;
}

/** The action that a request means in this state; refuses what the tables do not allow. */
export function decideAction(
  state: PlaneState,
  { action, target }: { action?: string | undefined; target?: string | undefined },
): DecidedAction {
  if (action !== undefined) return requireByName(state, action);
  if (target !== undefined) return requireByTarget(state, target);
  throw refusal('MISSING_TRANSITION_INTENT', 'name an action or a target', { details: { field: 'action' } });
}

function requireByName(state: PlaneState, action: string): DecidedAction {
  if (!isPlaneAction(action)) {
    throw refusal('INVALID_ACTION', 'there is no such action', { details: { actions: Object.keys(planeActions) } });
  }
  const rule = planeAction(action);
  if (rule.unsupportedFrom?.includes(state) === true) throw unsupported(`${action} in ${state}`);
  if (!rule.from.includes(state)) {
    throw refusal('INVALID_ACTION', `${action} is not possible in ${state}`, { details: { state, from: rule.from } });
  }
  if (rule.jobOnly === true) {
    throw refusal('INVALID_ACTION', 'only a job reports its completion; wait for it with GET /lifecycle/{id}/state');
  }
  return requireSupported(action, rule);
}

function requireByTarget(state: PlaneState, target: string): DecidedAction {
  if (!(planeStates as readonly string[]).includes(target)) {
    throw refusal('INVALID_TARGET_STATE', 'there is no such state', { details: { states: planeStates } });
  }
  const to = target as PlaneState;
  if (!isLegalTransition(state, to)) {
    throw refusal('INVALID_TRANSITION', `a plane does not go from ${state} to ${to}`, { details: { state, target } });
  }
  const candidates = Object.keys(planeActions)
    .filter(isPlaneAction)
    .map((name): DecidedAction => ({ name, rule: planeAction(name) }))
    .filter(({ rule }) => rule.to === to && rule.from.includes(state));
  const [only, ...others] = candidates;
  if (only !== undefined && others.length === 0) return requireSupported(only.name, only.rule);
  if (isOffboarding(state)) throw unsupported(`leaving ${state}`);
  throw refusal('INVALID_TRANSITION', `${state} → ${to} is taken by a job, not by request`, {
    details: { state, target },
  });
}

function requireSupported(name: PlaneActionName, rule: PlaneAction): DecidedAction {
  if (rule.unsupported === true) throw unsupported(name);
  return { name, rule };
}

function unsupported(what: string) {
  return new EngineError('unsupported_operation', `${what} is not offered by this version`);
}

function isOffboarding(state: PlaneState): boolean {
  return state === 'PENDING_DEACTIVATE' || state === 'DEACTIVATED' || state === 'ARCHIVED';
}
