import type { EngineError } from '../../../contracts/errors';
import type { ToolArguments } from '../../../contracts/tool-call-schemas';
import type { Refused, Work } from '../../define';
import { canonicalJson, sha256Hex } from '../../transaction/canonical';
import type { KeptDecision } from './call-rows';
import { notesOf } from './denial';
import { insertInvocation } from './invocation';
import { previewOf } from './preview';

interface DeniedCall {
  readonly invocationId: string;
  readonly serverId: string;
  readonly toolId: string;
  readonly arguments: ToolArguments;
}

/** The evidence of a call that was not taken on. What names no tool of the tenant has no row of its own. */
export async function recordDenial(work: Work, params: DeniedCall, error: EngineError): Promise<Refused> {
  const { invocationId, serverId, toolId } = params;
  const inputHash = sha256Hex(canonicalJson(params.arguments));
  const named = error.details?.tool_name;
  const policyId = typeof error.details?.policy_id === 'string' ? error.details.policy_id : undefined;
  const snapshotId =
    typeof error.details?.policy_snapshot_id === 'string' ? error.details.policy_snapshot_id : undefined;
  const reason = error.reason ?? error.code;
  const notes = notesOf(error);
  const rowHash =
    typeof named === 'string'
      ? insertInvocation(work, {
          ...{
            invocationId,
            toolId,
            serverId,
            toolName: named,
            inputHash,
            inputPreview: previewOf(params.arguments, notes.hidden),
          },
          definitionHash: null,
          actor: work.context.actor,
          runId: work.context.runId,
          stepIndex: work.context.stepIndex,
          traceId: work.context.traceId,
          policyId: policyId ?? null,
          policySnapshotId: snapshotId ?? null,
          policyDecision: 'blocked',
          policyReason: error.message,
          outcome: 'refused',
          errorCode: reason,
          errorMessage: error.message,
          invokedAt: new Date(),
        })
      : null;
  return {
    entry: {
      type: 'tool_invocation_denied',
      outcome: 'blocked',
      resource: { type: 'tool_invocation', id: invocationId },
      policyId,
      policySnapshotId: snapshotId,
      evidence: {
        invocation_id: invocationId,
        server_id: serverId,
        tool_id: toolId,
        tool_name: typeof named === 'string' ? named : null,
        input_hash: inputHash,
        reason,
        warnings: noted(notes.warnings),
        shadow: noted(notes.shadow),
        row_hash: rowHash,
      },
      error: { code: error.code, message: error.message },
    },
    details: { invocation_id: invocationId },
  };
}

/** Matches of rules as an event says them. */
export function noted(matches: KeptDecision['warnings']) {
  return matches.slice(0, 20).map(({ policyId, effect, failure }) => ({
    policy_id: policyId,
    effect,
    failure: failure?.slice(0, 300) ?? null,
  }));
}
