import type { LedgerLine } from '../../../chaos/ledger';
import type { AuditedRun } from '../audited-run';
import { copyOf, inScope, twinOf, unreleased, withLines } from './edits';
import type { Edit, Planted } from './planted';

type Effect = Extract<LedgerLine, { kind: 'effect' }>;

const isReach = (line: LedgerLine): line is Effect => line.kind === 'effect' && line.sink === 'tool';
const reachOf = ({ load }: AuditedRun) => load.lines.find(isReach) as Effect;

/** The load as if every tool had been called with other arguments. */
const elsewhere: Edit = (material) => ({
  ...material,
  ledger: material.ledger.map((line) => (isReach(line) ? { ...line, key: 'other' } : line)),
});

/** The load as if no switch had been thrown. */
const undisturbed: Edit = (material) => ({
  ...material,
  ledger: material.ledger.filter((line) => line.kind !== 'answered' || line.acknowledgedSwitch === undefined),
});

export const unknownEnd = ({ callId }: AuditedRun) => [
  `update effect_outcomes set outcome = 'unknown' where intent_id = (select intent_id from mcp_tool_calls
    where invocation_id = '${callId}')`,
];

const isCall = ({ callId }: AuditedRun) => ({ invocation_id: callId });
const eventOf = (run: AuditedRun, type: string) =>
  `delete from audit_events where event_type = '${type}' and resource_id = '${run.callId}'`;

const lateIntent = ({ callId, tenantId }: AuditedRun) => [
  `insert into effect_intents (intent_id, tenant_id, subject, phase, attempt_token, deadline, integrity_hash)
    values ('late', '${tenantId}', 'tool:${callId}', 'late', 'a', now() + interval '1 hour', 'h')`,
];

/** Calls of tools whose records do not belong together (I4), that did more than was intended (I2, I3) or never end (I8). */
export const toolCalls: readonly Planted[] = [
  { finds: 'I4 call-without-one-decision', plant: (run) => [eventOf(run, 'tool_invocation_allowed')], ids: isCall },
  {
    finds: 'I4 call-without-one-decision',
    plant: ({ callId }) => [
      copyOf(`event_type = 'tool_invocation_allowed' and resource_id = '${callId}'`, { event_id: `'evt_second'` }),
    ],
    ids: (run) => ({ ...isCall(run), decisions: 2 }),
  },
  {
    finds: 'I4 decision-without-call',
    plant: ({ callId }) => [`delete from mcp_tool_calls where invocation_id = '${callId}'`],
    ids: isCall,
  },
  {
    finds: 'I4 sent-without-approval',
    plant: () => [`update mcp_tool_approvals set used_at = null`],
    ids: ({ heldCallId }) => ({ invocation_id: heldCallId }),
  },
  {
    finds: 'I4 sent-without-approval',
    plant: () => [`update mcp_tool_approvals set approvers_needed = 2`],
    ids: ({ heldCallId }) => ({ invocation_id: heldCallId }),
  },
  {
    finds: 'I4 call-sent-without-intent',
    plant: ({ callId }) => [`update mcp_tool_calls set intent_id = null where invocation_id = '${callId}'`],
    ids: isCall,
  },
  {
    finds: 'I4 intent-without-call',
    plant: lateIntent,
    ids: ({ callId }) => ({ intent_id: 'late', subject: `tool:${callId}` }),
  },
  { finds: 'I4 intent-without-one-start', plant: lateIntent, ids: () => ({ intent_id: 'late', starts: 0 }) },
  {
    finds: 'I4 start-without-intent',
    plant: ({ callId }) => [`update effect_intents set subject = 'tool:other' where subject = 'tool:${callId}'`],
    ids: isCall,
  },
  {
    finds: 'I4 call-without-one-end',
    plant: ({ callId }) => [`delete from mcp_tool_invocations where invocation_id = '${callId}'`],
    ids: isCall,
  },
  {
    finds: 'I4 call-is-not-its-evidence',
    plant: ({ callId }) => [`update mcp_tool_calls set outcome = 'failed' where invocation_id = '${callId}'`],
    ids: (run) => ({ ...isCall(run), outcome: 'failed', evidence: 'succeeded', effect: 'succeeded' }),
  },
  {
    finds: 'I4 call-is-not-its-evidence',
    plant: unknownEnd,
    ids: (run) => ({ ...isCall(run), outcome: 'succeeded', effect: 'unknown' }),
  },
  { finds: 'I4 call-evidence-without-event', plant: (run) => [eventOf(run, 'tool_invocation_completed')], ids: isCall },
  {
    finds: 'I4 event-without-call-evidence',
    plant: ({ callId }) => [`delete from mcp_tool_invocations where invocation_id = '${callId}'`],
    ids: isCall,
  },
  { finds: 'I4 call-evidence-changed', plant: () => [`update mcp_tool_invocations set actor_id = 'somebody else'`] },
  { finds: 'I4 unknown-without-fault', plant: unknownEnd, edit: () => undisturbed },
  {
    finds: 'I2 call-twice',
    plant: ({ callId }) =>
      twinOf('mcp_tool_calls', {
        where: `invocation_id = '${callId}'`,
        index: 'drop index mcp_tool_calls_workflow_id_key',
        change: { invocation_id: `'inv_twin'` },
      }),
    ids: () => ({ times: 2 }),
  },
  {
    finds: 'I2 call-ended-twice',
    plant: ({ callId }) =>
      twinOf('mcp_tool_invocations', {
        where: `invocation_id = '${callId}'`,
        index: 'drop index mcp_tool_invocations_first',
        change: { id: '999999' },
      }),
    ids: (run) => ({ ...isCall(run), times: 2 }),
  },
  {
    finds: 'I2 tool-reached-beyond-its-intents',
    edit: (run) => withLines(reachOf(run)),
    ids: (run) => ({ input_hash: reachOf(run).key, reached: 2, intents: 1 }),
  },
  {
    finds: 'I2 tool-reached-beyond-its-intents',
    edit: (run) => withLines({ ...reachOf(run), key: 'nobody asked' }),
    ids: () => ({ input_hash: 'nobody asked', reached: 1, intents: 0 }),
  },
  { finds: 'I2 succeeded-without-reaching-its-tool', edit: () => elsewhere, ids: isCall },
  {
    finds: 'I3 intent-opened-under-kill',
    plant: lateIntent,
    edit:
      ({ serverId }) =>
      (material) =>
        inScope({ scope_type: 'server', scope_id: serverId })(unreleased(material)),
    ids: () => ({ kind: 'kill', intent_id: 'late' }),
  },
  {
    finds: 'I3 intent-opened-under-kill',
    plant: lateIntent,
    edit: () => (material) => inScope({ scope_type: 'capability', scope_id: 'tools.call' })(unreleased(material)),
    ids: () => ({ kind: 'kill', intent_id: 'late' }),
  },
  {
    finds: 'I8 call-not-ended',
    plant: ({ callId }) => [
      `update mcp_tool_calls set state = 'dispatched', outcome = null, settled_at = null where invocation_id = '${callId}'`,
    ],
    ids: isCall,
  },
];
