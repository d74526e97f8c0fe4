import { refusal } from '../../../contracts/errors';
import type { ToolArguments } from '../../../contracts/tool-call-schemas';
import type { Work } from '../../define';
import { useApproval } from '../approvals/use-approval';
import { AttemptParams, decideAgain, defineAttempt, openAttempt, requireItsServer } from './attempts';
import type { CalledTool } from './called-tool';
import type { CallRow } from './call-rows';
import { noteRepetition } from './record-outcome';

/**
 * Opens the intent of a call, after which it may reach its server; decided anew, by what holds at this moment. A call
 * whose intent was opened before is not started again: only its outcome is asked for.
 */
export const startCall = defineAttempt({
  name: 'tools.calls.start',
  params: AttemptParams,

  async handle(work, { params: { serverId, intentId, arguments: input }, facts: { call, tool } }) {
    if (call.state === 'settled' || call.state === 'dispatched') {
      noteRepetition(work, call);
      const isLost = call.state === 'dispatched' && tool.retry_safe;
      return { started: false, outcome: call.outcome, lostIntentId: isLost ? call.intent_id : null } as const;
    }
    requireItsServer(call, serverId);
    const approvalId = await requireDecision(work, call, tool, input);
    const noted = { snapshot_at_start: tool.snapshot_id };
    const opened = openAttempt(work, call, tool, { intentId, phase: 'upstream', input, noted });
    work.audit({
      type: 'tool_invocation_started',
      outcome: 'pending',
      resource: { type: 'tool_invocation', id: call.invocation_id },
      policySnapshotId: tool.snapshot_id ?? undefined,
      evidence: {
        invocation_id: call.invocation_id,
        server_id: call.server_id,
        tool_name: call.tool_name,
        intent_id: intentId,
        input_hash: call.input_hash,
        definition_hash: tool.definition_hash,
        approval_id: approvalId,
        snapshot_at_request: call.policy_snapshot_id,
      },
    });
    return opened;
  },
});

/** What was allowed or approved counts for the definition that it was said of, and under the rules of now. */
async function requireDecision(
  work: Work,
  call: CallRow,
  tool: CalledTool,
  input: ToolArguments,
): Promise<string | null> {
  const decision = decideAgain(work, call, tool, input);
  if (call.state === 'pending') return useApproval(work, call, decision);
  if (decision.decision === 'require_approval') {
    throw refusal('POLICY_DENIED', 'the policies ask for approval by now; send the call again under a new key', {
      details: { deny_reason: 'policy_violation' },
    });
  }
  return null;
}
