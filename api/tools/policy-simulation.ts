import { setImmediate as pause } from 'node:timers/promises';
import { simulationLimits, type PolicySimulation, type SimulationView } from '../../contracts/api/policy-simulation';
import type { ContentBox } from '../../contracts/content-box';
import type { ExecutionContext } from '../../contracts/execution-context';
import type { ToolArguments } from '../../contracts/tool-call-schemas';
import type { Dispatch } from '../../operations/catalogue';
import type { PastCall } from '../../operations/policies/past-calls';
import type { SimulationFacts } from '../../operations/policies/simulate';
import type { CallArguments } from '../../operations/tools/calls/decide-call';
import { simulateCall } from '../../operations/tools/policy/simulate-call';
import { canonicalJson, sha256Hex } from '../../operations/transaction/canonical';
import { countChanges, countReasons, toSimulatedCall, toVerdict, type Simulated } from '../views/policy-simulation';

export interface PolicySimulations {
  /** Tries a policy on past calls or on one that is thought of. No argument is in the answer. */
  simulate(context: ExecutionContext, asked: PolicySimulation): Promise<SimulationView>;
}

export interface SimulationDependencies {
  readonly dispatch: Dispatch;
  readonly box: Pick<ContentBox, 'open'>;
}

export function createPolicySimulations({ dispatch, box }: SimulationDependencies): PolicySimulations {
  return {
    async simulate(context, asked) {
      const gathered = await dispatch(context, 'policies.simulate', { params: asked, idempotencyKey: '' });
      const { policy, snapshotId, sample, auditEventId } = gathered;
      return {
        policy_id: policy.policy_id,
        enforcement_mode: policy.enforcement_mode,
        policy_snapshot_id: snapshotId,
        calls: sample === undefined ? null : await tryPast(context, gathered, sample),
        call: tryImagined(context, asked, gathered),
        audit_event_id: auditEventId,
      };
    },
  };

  async function tryPast({ tenantId }: ExecutionContext, gathered: SimulationFacts, sample: Sample) {
    const until = performance.now() + simulationLimits.evaluationMs;
    const done: Simulated[] = [];
    for (const call of sample.calls) {
      if (performance.now() > until) break;
      // Rules take the process to themselves, for up to a second each time.
      await pause();
      done.push(await tryCall(tenantId, gathered, call));
    }
    const isLate = done.length < sample.calls.length;
    return {
      simulated: done.filter(({ reason }) => reason === null).length,
      not_simulated: countReasons(done),
      truncated_by: isLate ? ('time' as const) : sample.truncatedBy,
      changes: countChanges(done),
      items: done.map(toSimulatedCall),
    };
  }

  async function tryCall(tenantId: string, gathered: SimulationFacts, call: PastCall): Promise<Simulated> {
    const tool = gathered.tools.get(call.tool_id ?? '');
    if (tool === undefined) return { call, reason: 'tool_gone' };
    const roles = gathered.roles.get(call.actor_id ?? '') ?? [];
    if (roles.length === 0) return { call, reason: 'caller_gone' };
    const actor = { id: call.actor_id ?? '', type: call.actor_type, roles, at: call.invoked_at };
    const tried = { actor, tool, args: await argumentsOf(tenantId, call) };
    const current = simulateCall(gathered.current, tried);
    const simulated = simulateCall(gathered.simulated, tried);
    if (current === undefined || simulated === undefined) return { call, reason: 'arguments_not_kept' };
    return { call, reason: null, current, simulated };
  }

  async function argumentsOf(tenantId: string, call: PastCall): Promise<CallArguments | undefined> {
    const { shown, sealed, invocation_id: id, input_hash: hash } = call;
    if (shown === undefined && sealed === undefined) return undefined;
    const text = shown ?? (await box.open(tenantId, id, sealed ?? Buffer.alloc(0))).toString();
    const value = JSON.parse(text) as ToolArguments;
    const canonical = shown ?? canonicalJson(value);
    return sha256Hex(canonical) === hash ? { value, canonical } : undefined;
  }

  function tryImagined({ actor }: ExecutionContext, { call }: PolicySimulation, gathered: SimulationFacts) {
    const { imagined: tool, current, simulated } = gathered;
    if (call === undefined || tool === undefined) return null;
    const who = { id: actor.id, type: 'machine', roles: [call.role], at: new Date() };
    const args = { value: call.input, canonical: canonicalJson(call.input) };
    const verdictOf = (policies: SimulationFacts['current']) => {
      const said = simulateCall(policies, { actor: who, tool, args });
      if (said === undefined) throw new Error('the arguments are known');
      return toVerdict(said);
    };
    return { current: verdictOf(current), simulated: verdictOf(simulated) };
  }
}

type Sample = NonNullable<SimulationFacts['sample']>;
