import { PolicySimulation, simulationLimits } from '../../contracts/api/policy-simulation';
import { EngineError } from '../../contracts/errors';
import { isRole, type Role } from '../../contracts/roles';
import { defineOperation, type Bound, type Work } from '../define';
import { readCalledTool, type CalledTool } from '../tools/calls/called-tool';
import { requireArguments } from '../tools/calls/require-arguments';
import { canonicalJson, digestOf } from '../transaction/canonical';
import { samplePastCalls, type PastCall, type PastCallSample } from './past-calls';
import { readSimulatedPolicies, type SimulatedPolicies } from './simulated-policies';

const rulesToldMax = 20;
const expressionTold = 300;

export interface SimulationFacts extends SimulatedPolicies {
  /** Undefined where no past calls were asked for. */
  readonly sample: PastCallSample | undefined;
  /** Those of past calls that are still there. */
  readonly tools: ReadonlyMap<string, CalledTool>;
  /** The roles that those who called have by now. */
  readonly roles: ReadonlyMap<string, readonly Role[]>;
  /** The tool of the call that is only thought of. */
  readonly imagined: CalledTool | undefined;
  readonly auditEventId: string;
}

/**
 * Gathers what a policy is tried on: the policies in force, past calls with their sealed arguments, their tools and the
 * roles of who called. Changes nothing; that arguments were handed out is on record before they are opened.
 */
export const simulatePolicy = defineOperation({
  name: 'policies.simulate',
  permission: 'manage:policies',
  params: PolicySimulation,
  fence: 'fenced',
  answer: 'fresh',

  loadFacts: async () => ({}),

  async handle(work, { params }): Promise<SimulationFacts> {
    const policies = await readSimulatedPolicies(work, params);
    const { call, calls: asked = call === undefined ? { limit: simulationLimits.callsDefault } : undefined } = params;
    const sample = asked === undefined ? undefined : await samplePastCalls(work, asked);
    const past = sample?.calls ?? [];
    const imagined = call === undefined ? undefined : await readCalledTool(work, call.server_id, call.tool_id);
    if (call !== undefined && imagined !== undefined) requireArguments(imagined, call.input, canonicalJson(call.input));
    const gathered = {
      ...policies,
      sample,
      imagined,
      tools: await toolsOf(work, past),
      roles: await rolesOf(work, past),
    };
    const { policy } = policies;
    const { tool_rules: rules = [] } = policy.conditions;
    const auditEventId = work.audit({
      type: 'PolicySimulated',
      outcome: 'success',
      ...(params.policy_id !== undefined && { policyId: params.policy_id }),
      policySnapshotId: policies.snapshotId ?? undefined,
      resource: { type: 'policy', id: params.policy_id ?? policy.policy_id },
      evidence: {
        is_saved: params.policy_id !== undefined,
        enforcement_mode: policy.enforcement_mode,
        conditions_hash: digestOf(policy.conditions),
        // An expression over arguments can be made to ask about them, so what was asked is kept.
        rules: rules.slice(0, rulesToldMax).map(({ effect, when }) => ({
          effect,
          when: when?.slice(0, expressionTold).toWellFormed() ?? null,
        })),
        replaces: params.replaces ?? null,
        server_id: asked?.server_id ?? call?.server_id ?? null,
        tool_id: asked?.tool_id ?? call?.tool_id ?? null,
        calls: past.length,
        arguments_opened: past.filter(({ sealed }) => sealed !== undefined).map(({ invocation_id: id }) => id),
      },
    });
    return { ...gathered, auditEventId };
  },
});

async function toolsOf(work: Work, calls: readonly PastCall[]): Promise<ReadonlyMap<string, CalledTool>> {
  const named = new Map(calls.flatMap(({ tool_id: id, server_id: server }) => (id === null ? [] : [[id, server]])));
  const tools = new Map<string, CalledTool>();
  for (const [toolId, serverId] of named) {
    const tool = await readCalledTool(work, serverId ?? '', toolId ?? '').catch(missing);
    if (tool !== undefined) tools.set(toolId ?? '', tool);
  }
  return tools;
}

function missing(error: unknown): undefined {
  if (!(error instanceof EngineError)) throw error;
}

async function rolesOf({ tx }: Bound, calls: readonly PastCall[]): Promise<ReadonlyMap<string, readonly Role[]>> {
  const actors = [...new Set(calls.flatMap(({ actor_id: id }) => id ?? []))];
  if (actors.length === 0) return new Map();
  const rows = await tx
    .selectFrom('iam_grants')
    .select(['identity', 'role'])
    .where('identity', 'in', actors)
    .where('revoked_at', 'is', null)
    .execute();
  return new Map(
    actors.map((actor) => [
      actor,
      rows
        .filter(({ identity }) => identity === actor)
        .map(({ role }) => role)
        .filter(isRole),
    ]),
  );
}
