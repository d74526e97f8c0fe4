import { copyOf } from './edits';
import type { Planted } from './planted';

/** Decisions and their evidence that do not belong together (I4). */
export const decisions: readonly Planted[] = [
  {
    finds: 'I4 retrieval-without-event',
    plant: ({ evidenceId }) => [`delete from audit_events where resource_id = '${evidenceId}'`],
    ids: ({ evidenceId }) => ({ evidence_id: evidenceId }),
  },
  {
    finds: 'I4 event-without-retrieval',
    plant: ({ evidenceId }) => [`delete from retrieval_evidence where id = '${evidenceId}'`],
    ids: ({ evidenceId }) => ({ evidence_id: evidenceId }),
  },
  {
    finds: 'I4 retrieval-changed',
    plant: ({ evidenceId }) => [
      `update retrieval_evidence set token_count = token_count + 1 where id = '${evidenceId}'`,
    ],
    ids: ({ evidenceId }) => ({ evidence_id: evidenceId }),
  },
  {
    finds: 'I4 allowed-without-succeeded-intent',
    plant: ({ evidenceId }) => [`delete from effect_outcomes where intent_id = '${evidenceId}'`],
    ids: ({ evidenceId }) => ({ evidence_id: evidenceId }),
  },
  {
    finds: 'I4 transition-without-event',
    plant: ({ planeId }) => [
      `delete from audit_events where event_id = (select audit_event_id from knowledge_lifecycle_transitions
        where plane_id = '${planeId}' limit 1)`,
    ],
    ids: ({ planeId }) => ({ plane_id: planeId }),
  },
  {
    finds: 'I4 event-of-two-transitions',
    plant: () => [
      `insert into knowledge_lifecycle_transitions (transition_id, plane_id, tenant_id, from_status, to_status, trigger, success, audit_event_id)
        select 'tr_twice', plane_id, tenant_id, from_status, to_status, trigger, success, audit_event_id
        from knowledge_lifecycle_transitions order by id desc limit 1`,
    ],
  },
  {
    finds: 'I4 retrieval-told-twice',
    plant: ({ evidenceId }) => [
      copyOf(`resource_id = '${evidenceId}' and event_type = 'RetrievalAllowed'`, { event_id: `'evt_told'` }),
    ],
    ids: ({ evidenceId }) => ({ evidence_id: evidenceId, times: 2 }),
  },
  {
    finds: 'I4 event-without-transition',
    plant: () => [`delete from knowledge_lifecycle_transitions where to_status = 'active'`],
    ids: ({ planeId }) => ({ plane_id: planeId }),
  },
  {
    finds: 'I4 job-without-event',
    plant: () => [`delete from audit_events where job_id = (select max(job_id) from knowledge_jobs)`],
    ids: ({ planeId }) => ({ plane_id: planeId }),
  },
  {
    finds: 'I4 event-without-job',
    plant: ({ foreign }) => [`update knowledge_jobs set tenant_id = '${foreign}'`],
    ids: ({ tenantId }) => ({ tenant_id: tenantId }),
  },
  {
    finds: 'I4 state-without-transition',
    plant: ({ planeId }) => [
      `update knowledge_planes set status = 'failed', lifecycle_state_value = 500 where plane_id = '${planeId}'`,
    ],
    ids: ({ planeId }) => ({ plane_id: planeId, status: 'failed' }),
  },
  {
    finds: 'I4 switch-history-changed',
    plant: ({ killId }) => [`update runtime_switch_history set reason = 'other' where switch_id = '${killId}'`],
  },
  {
    finds: 'I4 switch-is-not-its-history',
    plant: ({ killId }) => [`update runtime_switches set enabled = true where switch_id = '${killId}'`],
    ids: ({ killId }) => ({ switch_id: killId }),
  },
  {
    finds: 'I4 succeeded-intent-without-retrieval',
    plant: ({ evidenceId }) => [`delete from retrieval_evidence where id = '${evidenceId}'`],
    ids: ({ evidenceId }) => ({ intent_id: evidenceId }),
  },
  {
    finds: 'I4 snapshot-without-event',
    plant: ({ tenantId }) => [
      `delete from audit_events where event_type = 'PolicySnapshotCreated' and tenant_id = '${tenantId}'`,
    ],
    ids: ({ tenantId }) => ({ tenant_id: tenantId }),
  },
  {
    finds: 'I4 transitions-do-not-meet',
    plant: ({ planeId }) => [
      `update knowledge_lifecycle_transitions set from_status = 'failed'
        where id = (select max(id) from knowledge_lifecycle_transitions where plane_id = '${planeId}')`,
    ],
    ids: ({ planeId }) => ({ plane_id: planeId, from_status: 'failed' }),
  },
  {
    finds: 'I4 switch-change-without-event',
    plant: ({ killId }) => [`delete from audit_events where resource_id = '${killId}'`],
    ids: ({ killId }) => ({ switch_id: killId }),
  },
  {
    finds: 'I4 event-without-switch-change',
    plant: ({ killId }) => [`delete from runtime_switch_history where switch_id = '${killId}'`],
    ids: ({ killId }) => ({ switch_id: killId }),
  },
];
