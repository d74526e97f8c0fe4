import type { Finder, Material } from '../check';
import { hashes, pick } from './row-hashes';
import { unknownCalls } from './unknown-calls';

const decisionEvents = `('tool_invocation_allowed', 'tool_invocation_held')`;
const startEvents = `('tool_invocation_started', 'tool_invocation_retried')`;
const endEvents = `('tool_invocation_completed', 'tool_invocation_failed', 'tool_invocation_denied')`;

/** A call of a tool has one decision, one intent for each time that it is sent, one end, and evidence of each. */
export async function toolCalls(material: Material, look: Finder): Promise<void> {
  await decided(material, look);
  await intended(material, look);
  await ended(material, look);
  await unknownCalls(material, look);
}

async function decided(material: Material, look: Finder): Promise<void> {
  await look.rows(material, {
    rule: 'call-without-one-decision',
    of: 'mcp_tool_calls',
    query: `select c.invocation_id, c.tenant_id, count(e.event_id)::int as decisions from mcp_tool_calls c
      left join audit_events e on e.tenant_id = c.tenant_id and e.resource_id = c.invocation_id and e.event_type in ${decisionEvents}
      group by c.invocation_id, c.tenant_id having count(e.event_id) <> 1`,
  });
  await look.rows(material, {
    rule: 'decision-without-call',
    of: `audit_events where event_type in ${decisionEvents}`,
    query: `select e.event_id, e.tenant_id, e.resource_id as invocation_id from audit_events e where e.event_type in ${decisionEvents}
      and not exists (select from mcp_tool_calls c where c.invocation_id = e.resource_id and c.tenant_id = e.tenant_id)`,
  });
  await look.rows(material, {
    rule: 'sent-without-approval',
    query: `select c.invocation_id, c.tenant_id from mcp_tool_calls c where c.intent_id is not null
      and exists (select from audit_events e where e.tenant_id = c.tenant_id and e.resource_id = c.invocation_id
        and e.event_type = 'tool_invocation_held')
      and not exists (select from mcp_tool_approvals a where a.invocation_id = c.invocation_id and a.tenant_id = c.tenant_id
        and a.decision = 'approve' and a.used_at is not null and a.input_hash = c.input_hash
        and a.approvers_needed <= (select count(distinct v.decided_by) from mcp_tool_approval_votes v
          where v.approval_id = a.approval_id and v.decision = 'approve' and v.decided_by <> all (a.requesters)))`,
  });
}

async function intended(material: Material, look: Finder): Promise<void> {
  await look.rows(material, {
    rule: 'call-sent-without-intent',
    query: `select c.invocation_id, c.tenant_id, c.outcome from mcp_tool_calls c
      where (c.intent_id is not null or c.outcome in ('succeeded', 'unknown')) and not exists (
        select from effect_intents i where i.intent_id = c.intent_id and i.tenant_id = c.tenant_id
          and i.subject = 'tool:' || c.invocation_id)`,
  });
  await look.rows(material, {
    rule: 'intent-without-call',
    of: `effect_intents where subject like 'tool:%'`,
    query: `select i.intent_id, i.tenant_id, i.subject from effect_intents i where i.subject like 'tool:%' and not exists (
      select from mcp_tool_calls c where 'tool:' || c.invocation_id = i.subject and c.tenant_id = i.tenant_id
        and (c.intent_id = i.intent_id or c.decision->'earlierIntents' ? i.intent_id))`,
  });
  await look.rows(material, {
    rule: 'intent-without-one-start',
    query: `select i.intent_id, i.tenant_id, count(e.event_id)::int as starts from effect_intents i
      left join audit_events e on e.tenant_id = i.tenant_id and 'tool:' || e.resource_id = i.subject
        and e.event_type in ${startEvents} and e.evidence->>'intent_id' = i.intent_id
      where i.subject like 'tool:%' group by i.intent_id, i.tenant_id having count(e.event_id) <> 1`,
  });
  await look.rows(material, {
    rule: 'start-without-intent',
    of: `audit_events where event_type in ${startEvents}`,
    query: `select e.event_id, e.tenant_id, e.resource_id as invocation_id from audit_events e where e.event_type in ${startEvents}
      and not exists (select from effect_intents i where i.intent_id = e.evidence->>'intent_id' and i.tenant_id = e.tenant_id
        and i.subject = 'tool:' || e.resource_id)`,
  });
}

async function ended(material: Material, look: Finder): Promise<void> {
  await look.rows(material, {
    rule: 'call-without-one-end',
    query: `select c.invocation_id, c.tenant_id, count(i.id)::int as ends from mcp_tool_calls c
      left join mcp_tool_invocations i on i.invocation_id = c.invocation_id and i.tenant_id = c.tenant_id and i.first
      where c.settled_at is not null group by c.invocation_id, c.tenant_id having count(i.id) <> 1`,
  });
  await look.rows(material, {
    rule: 'call-is-not-its-evidence',
    query: `select c.invocation_id, c.tenant_id, c.outcome, i.outcome as evidence, o.outcome as effect from mcp_tool_calls c
      join lateral (select outcome from mcp_tool_invocations i where i.invocation_id = c.invocation_id
        order by i.id desc limit 1) i on true
      left join lateral (select outcome from effect_outcomes o where o.intent_id = c.intent_id
        order by o.id desc limit 1) o on true
      where c.outcome is distinct from i.outcome or (c.intent_id is not null and c.outcome is distinct from o.outcome)`,
  });
  await look.rows(material, {
    rule: 'call-evidence-without-event',
    of: 'mcp_tool_invocations',
    query: `select i.id::text as row_id, i.invocation_id, i.tenant_id from mcp_tool_invocations i where i.invocation_id like 'inv_%'
      and not exists (select from audit_events e where e.tenant_id = i.tenant_id and e.resource_id = i.invocation_id
        and e.event_type in ${endEvents} and e.evidence->>'row_hash' = i.integrity_hash)`,
  });
  await look.rows(material, {
    rule: 'event-without-call-evidence',
    of: `audit_events where event_type in ${endEvents}`,
    query: `select e.event_id, e.tenant_id, e.resource_id as invocation_id from audit_events e where e.event_type in ${endEvents}
      and e.evidence->>'row_hash' is not null and not exists (select from mcp_tool_invocations i
        where i.invocation_id = e.resource_id and i.tenant_id = e.tenant_id and i.integrity_hash = e.evidence->>'row_hash')`,
  });
  await hashes(material, look, {
    rule: 'call-evidence-changed',
    id: 'id',
    name: 'row_id',
    query: 'select *, id::text as id from mcp_tool_invocations',
    row: (row) => pick(row, invocationColumns),
  });
}

const invocationColumns = [
  ...['invocation_id', 'tenant_id', 'tool_id', 'server_id', 'run_id', 'step_index', 'actor_id', 'actor_type'],
  ...['tool_name', 'input_hash', 'input_preview', 'definition_hash', 'policy_id', 'policy_snapshot_id'],
  ...['policy_decision', 'policy_reason', 'outcome', 'first', 'resolved_by', 'output_hash', 'error_code'],
  ...['error_message', 'duration_ms', 'trace_id', 'invoked_at', 'completed_at'],
];
