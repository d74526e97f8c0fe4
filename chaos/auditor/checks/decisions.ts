import type { Check, Finder, Material } from '../check';
import { hashes, pick } from './row-hashes';
import { toolCalls } from './tool-calls';

const retrievalEvents = `('RetrievalAllowed', 'RetrievalDenied')`;
const lifecycleEvents = `('LIFECYCLE_TRANSITION', 'LIFECYCLE_ROLLBACK')`;
const switchEvents = `('governance_disabled', 'governance_enabled', 'governance_degraded', 'governance_normal')`;

/** I4: rows of evidence and events stand one to one, and the hash that the event holds is that of the row. */
export const decisions: Check = {
  invariant: 'I4',
  promise: 'every decision has its evidence and its event, and the reverse',
  async run(material, look) {
    await retrievals(material, look);
    await transitions(material, look);
    await switches(material, look);
    await toolCalls(material, look);
    await look.rows(material, {
      rule: 'snapshot-without-event',
      of: 'policy_snapshots',
      query: `select s.snapshot_id, s.tenant_id from policy_snapshots s where not exists (select from audit_events e
        where e.tenant_id = s.tenant_id and e.event_type = 'PolicySnapshotCreated' and e.resource_id = s.snapshot_id
          and e.evidence->>'content_hash' = s.content_hash)`,
    });
  },
};

async function retrievals(material: Material, look: Finder): Promise<void> {
  await look.rows(material, {
    rule: 'retrieval-without-event',
    of: 'retrieval_evidence',
    query: `select r.id as evidence_id, r.tenant_id from retrieval_evidence r where not exists (select from audit_events e
      where e.tenant_id = r.tenant_id and e.event_type = case r.decision when 'allowed' then 'RetrievalAllowed' else 'RetrievalDenied' end
        and e.resource_id = r.id and e.evidence->>'row_hash' = r.integrity_hash and e.evidence->>'decision' = r.decision)`,
  });
  await look.rows(material, {
    rule: 'retrieval-told-twice',
    query: `select tenant_id, resource_id as evidence_id, count(*)::int as times from audit_events
      where event_type in ${retrievalEvents} group by tenant_id, resource_id having count(*) > 1`,
  });
  await look.rows(material, {
    rule: 'event-without-retrieval',
    of: `audit_events where event_type in ${retrievalEvents}`,
    query: `select e.event_id, e.tenant_id, e.resource_id as evidence_id from audit_events e
      where e.event_type in ${retrievalEvents} and not exists (select from retrieval_evidence r
        where r.id = e.resource_id and r.tenant_id = e.tenant_id and r.integrity_hash = e.evidence->>'row_hash'
          and r.decision = e.evidence->>'decision')`,
  });
  await look.rows(material, {
    rule: 'allowed-without-succeeded-intent',
    query: `select r.id as evidence_id, r.tenant_id from retrieval_evidence r where r.decision = 'allowed' and not exists (
      select from effect_intents i join effect_outcomes o using (intent_id)
      where i.intent_id = r.id and i.tenant_id = r.tenant_id and o.first and o.outcome = 'succeeded')`,
  });
  await look.rows(material, {
    rule: 'succeeded-intent-without-retrieval',
    query: `select o.intent_id, o.tenant_id from effect_outcomes o join effect_intents i using (intent_id)
      where i.subject like 'retrieval:%' and o.outcome = 'succeeded' and not exists (
        select from retrieval_evidence r where r.id = o.intent_id and r.tenant_id = o.tenant_id and r.decision = 'allowed')`,
  });
  await hashes(material, look, {
    rule: 'retrieval-changed',
    id: 'id',
    name: 'evidence_id',
    query: `select *, bytes_retrieved::text as bytes_retrieved from retrieval_evidence`,
    row: (row) => ({ ...pick(row, retrievalColumns), doc_ids: row.doc_ids }),
  });
}

async function transitions(material: Material, look: Finder): Promise<void> {
  await look.rows(material, {
    rule: 'transition-without-event',
    of: 'knowledge_lifecycle_transitions',
    query: `select t.transition_id, t.tenant_id, t.plane_id from knowledge_lifecycle_transitions t where not exists (
      select from audit_events e where e.event_id = t.audit_event_id and e.tenant_id = t.tenant_id
        and e.event_type in ${lifecycleEvents} and e.plane_id = t.plane_id
        and lower(e.evidence->>'from_state') = t.from_status and lower(e.evidence->>'to_state') = t.to_status
        and e.evidence->>'action' = t.trigger)`,
  });
  await look.rows(material, {
    rule: 'event-of-two-transitions',
    query: `select audit_event_id as event_id, count(*)::int as times from knowledge_lifecycle_transitions
      group by audit_event_id having count(*) > 1`,
  });
  await look.rows(material, {
    rule: 'event-without-transition',
    of: `audit_events where event_type in ${lifecycleEvents}`,
    query: `select e.event_id, e.tenant_id, e.plane_id from audit_events e where e.event_type in ${lifecycleEvents}
      and e.evidence->>'from_state' <> e.evidence->>'to_state'
      and not exists (select from knowledge_lifecycle_transitions t where t.audit_event_id = e.event_id)`,
  });
  await look.rows(material, {
    rule: 'event-without-job',
    query: `select e.event_id, e.tenant_id, e.evidence->>'job_id' as job_id from audit_events e
      where e.event_type in ${lifecycleEvents} and e.evidence->>'job_id' is not null
        and not exists (select from knowledge_jobs j where j.job_id = e.evidence->>'job_id' and j.tenant_id = e.tenant_id)`,
  });
  await look.rows(material, {
    rule: 'job-without-event',
    of: 'knowledge_jobs',
    query: `select j.job_id, j.tenant_id, j.plane_id from knowledge_jobs j
      where not exists (select from audit_events e where e.job_id = j.job_id and e.tenant_id = j.tenant_id)`,
  });
  await look.rows(material, {
    rule: 'state-without-transition',
    query: `select p.plane_id, p.tenant_id, p.status, last.to_status as last_transition from knowledge_planes p
      join lateral (select to_status from knowledge_lifecycle_transitions t where t.plane_id = p.plane_id
        order by id desc limit 1) last on true where last.to_status <> p.status`,
  });
  await look.rows(material, {
    rule: 'transitions-do-not-meet',
    query: `select transition_id, plane_id, tenant_id, before, from_status from (
      select t.*, lag(to_status) over (partition by plane_id order by id) as before from knowledge_lifecycle_transitions t) t
      where before is not null and before <> from_status`,
  });
}

async function switches(material: Material, look: Finder): Promise<void> {
  await look.rows(material, {
    rule: 'switch-change-without-event',
    of: 'runtime_switch_history',
    query: `select h.switch_id, h.epoch::text as epoch, h.id::text as history_id from runtime_switch_history h
      where not exists (select from audit_events e where e.event_type in ${switchEvents} and e.resource_id = h.switch_id
        and e.evidence->>'row_hash' = h.integrity_hash)`,
  });
  await look.rows(material, {
    rule: 'event-without-switch-change',
    of: `audit_events where event_type in ${switchEvents}`,
    query: `select e.event_id, e.resource_id as switch_id from audit_events e where e.event_type in ${switchEvents}
      and not exists (select from runtime_switch_history h where h.switch_id = e.resource_id
        and h.integrity_hash = e.evidence->>'row_hash')`,
  });
  await look.rows(material, {
    rule: 'switch-is-not-its-history',
    query: `select s.switch_id, s.enabled, s.epoch::text as epoch from runtime_switches s
      join lateral (select * from runtime_switch_history h where h.switch_id = s.switch_id order by id desc limit 1) h on true
      where h.current <> s.enabled or h.epoch <> s.epoch`,
  });
  await hashes(material, look, {
    rule: 'switch-history-changed',
    id: 'id',
    name: 'history_id',
    query: 'select *, id::text as id, epoch::text as epoch from runtime_switch_history',
    row: (row) => pick(row, ['switch_id', 'tenant_id', 'previous', 'current', 'epoch', 'reason', 'actor_id']),
  });
}

const retrievalColumns = [
  ...['id', 'tenant_id', 'run_id', 'plane_id', 'connector_id', 'connector_type', 'action', 'actor_id', 'request_id'],
  ...['query_hash', 'response_hash', 'token_count', 'bytes_retrieved', 'decision', 'deny_reason', 'policy_applied'],
  ...['policy_snapshot_id', 'redaction_applied', 'duration_ms', 'requested_at', 'completed_at'],
];
