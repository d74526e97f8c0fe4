import type { NotSimulated, SimulationView, Verdict } from '../../contracts/api/policy-simulation';
import type { PastCall } from '../../operations/policies/past-calls';
import { decidedReasons } from '../../operations/tools/calls/denial';
import type { ToolDecision } from '../../operations/tools/policy/decide';

export type Simulated =
  | { readonly call: PastCall; readonly reason: NotSimulated }
  | {
      readonly call: PastCall;
      readonly reason: null;
      readonly current: ToolDecision;
      readonly simulated: ToolDecision;
    };

type Calls = NonNullable<SimulationView['calls']>;

export function toVerdict({ decision, reason, policyId, message, approvers, ...notes }: ToolDecision): Verdict {
  return {
    decision,
    deny_reason: reason ?? null,
    policy_id: policyId ?? null,
    message,
    approvers,
    noted: [...notes.warnings, ...notes.shadow].map(({ policyId: id, mode, effect, failure }) => ({
      policy_id: id,
      enforcement_mode: mode,
      effect,
      failure: failure ?? null,
    })),
  };
}

export function toSimulatedCall(done: Simulated): Calls['items'][number] {
  const { call } = done;
  return {
    invocation_id: call.invocation_id,
    server_id: call.server_id,
    tool_id: call.tool_id,
    tool_name: call.tool_name,
    actor_id: call.actor_id,
    invoked_at: call.invoked_at.toISOString(),
    decided: decidedThen(call),
    current: done.reason === null ? toVerdict(done.current) : null,
    simulated: done.reason === null ? toVerdict(done.simulated) : null,
    not_simulated: done.reason,
  };
}

export function countChanges(all: readonly Simulated[]): Calls['changes'] {
  const told = all.flatMap((done) =>
    done.reason === null ? [`${decidedThen(done.call).decision} ${done.simulated.decision}`] : [],
  );
  return counted(told).map(([pair, calls]) => {
    const [from, to] = pair.split(' ') as [Verdict['decision'], Verdict['decision']];
    return { from, to, calls };
  });
}

export function countReasons(all: readonly Simulated[]): Calls['not_simulated'] {
  return counted(all.flatMap(({ reason }) => reason ?? [])).map(([reason, calls]) => ({ reason, calls }));
}

function counted<T extends string>(words: readonly T[]): [T, number][] {
  const counts = new Map<T, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort(([one], [other]) => (one < other ? -1 : 1));
}

/** A call that was taken on may still have been refused when it was about to be sent. */
function decidedThen({ decision, outcome, error_code: code, policy_id: policyId }: PastCall) {
  const isDenied = decision === null || (outcome === 'refused' && decidedReasons.has(code ?? ''));
  return {
    decision: isDenied ? ('deny' as const) : decision.decision,
    reason: isDenied ? code : null,
    policy_id: policyId,
  };
}
