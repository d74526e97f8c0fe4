import type { SealedPolicies } from '../../../contracts/policies';
import type { RiskLevel } from '../../../contracts/tools';
import type { CalledTool } from '../calls/called-tool';
import { decideFor, type CallArguments, type CallingActor } from '../calls/decide-call';
import type { ToolDecision } from './decide';
import { readsArguments } from './match-rules';

export interface SimulatedCall {
  readonly actor: CallingActor;
  readonly tool: CalledTool;
  /** Undefined where they are not known. */
  readonly args: CallArguments | undefined;
}

type Policies = SealedPolicies['policies'] | undefined;

/**
 * What these policies would say of a call, as if server and tool were in service and described as they were pinned;
 * undefined where that hangs on arguments that are not known.
 */
export function simulateCall(policies: Policies, { actor, tool, args }: SimulatedCall): ToolDecision | undefined {
  const named = { server: tool.server_name, tool: tool.tool_name, risk: tool.risk_level as RiskLevel };
  if (args === undefined && readsArguments(policies ?? [], named)) return undefined;
  const inService = {
    server_status: 'active',
    server_enabled: true,
    tool_enabled: true,
    definition_state: 'pinned',
  };
  return decideFor(actor, { ...tool, ...inService, policies }, args ?? { value: {}, canonical: '' });
}
