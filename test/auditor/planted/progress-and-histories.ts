import { copyOf, withHistory } from './edits';
import type { Planted } from './planted';

/** Work that does not end (I8), and histories that do not replay (I9) or are too large (I12). */
export const progressAndHistories: readonly Planted[] = [
  {
    finds: 'I8 job-stuck',
    plant: () => [
      `update knowledge_jobs set status = 'running' where job_id = (select max(job_id) from knowledge_jobs)`,
    ],
    ids: ({ planeId }) => ({ plane_id: planeId, status: 'running' }),
  },
  {
    finds: 'I8 message-not-delivered',
    plant: () => [`update event_outbox set published_at = null`],
    ids: ({ tenantId }) => ({ tenant_id: tenantId }),
  },
  {
    finds: 'I8 intent-open-after-deadline',
    plant: ({ tenantId }) => [
      `insert into effect_intents (intent_id, tenant_id, subject, phase, attempt_token, deadline, integrity_hash)
        values ('left', '${tenantId}', 'retrieval:left', 'release', 'a', now() - interval '1 hour', 'h')`,
    ],
    ids: () => ({ intent_id: 'left' }),
  },
  {
    finds: 'I8 fan-out-not-ended',
    plant: ({ killId }) => [`update switch_fan_outs set status = 'running' where switch_id = '${killId}'`],
    ids: ({ killId }) => ({ switch_id: killId }),
  },
  {
    finds: 'I8 activity-pending',
    edit: () =>
      withHistory((text) =>
        text
          .replaceAll('ACTIVITY_TASK_COMPLETED', 'ACTIVITY_TASK_STARTED')
          .replace(/"status":"[A-Z]+"/, '"status":"RUNNING"'),
      ),
  },
  {
    finds: 'I8 workflow-not-ended',
    edit: () => (material) => ({
      ...material,
      histories: material.histories.map((each) => ({ ...each, status: 'RUNNING' })),
    }),
  },
  {
    finds: 'I9 does-not-replay',
    edit: () => withHistory((text) => text.replaceAll('"verifySources"', '"ingestSources"')),
  },
  {
    finds: 'I9 task-at-odds-with-history',
    edit: () => (material) => ({
      ...withHistory((text) =>
        text.replace(
          '"events":[',
          `"events":[{"eventId":"77","eventType":"EVENT_TYPE_WORKFLOW_TASK_FAILED",
            "workflowTaskFailedEventAttributes":{"cause":"WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR"}},`,
        ),
      )(material),
      bundleFiles: [],
    }),
    ids: () => ({ event: '77' }),
  },
  {
    finds: 'I12 history-too-long',
    edit: () => (material) => ({
      ...material,
      histories: material.histories.map((each) => ({
        ...each,
        history: { events: Array.from({ length: 4_096 }, () => ({ eventType: 'EVENT_TYPE_TIMER_STARTED' })) },
      })),
      bundleFiles: [],
    }),
    ids: () => ({ events: 4_096 }),
  },
  {
    finds: 'I12 payload-too-large',
    edit: () => (material) => ({
      ...withHistory((text) =>
        text.replace(/("metadata":\{[^}]*\},"data":")[^"]+/, `$1${Buffer.alloc(524_288).toString('base64')}`),
      )(material),
      bundleFiles: [],
    }),
    ids: () => ({ bytes: 524_288 }),
  },
  {
    finds: 'I8 plane-names-ended-job',
    plant: ({ planeId }) => [
      `update knowledge_planes set active_job_id = (select max(job_id) from knowledge_jobs where plane_id = '${planeId}')
        where plane_id = '${planeId}'`,
    ],
    ids: ({ planeId }) => ({ plane_id: planeId }),
  },
  {
    finds: 'I8 pause-without-switch',
    plant: ({ tenantId, planeId, killId }) => [
      `insert into run_pauses (pause_id, tenant_id, run_id, plane_id, workflow_id, switch_id, switch_epoch, reason, sla_deadline, on_timeout)
        values ('left', '${tenantId}', 'job_left', '${planeId}', 'w', '${killId}', 1, 'r', now(), 'ESCALATE')`,
    ],
    ids: ({ killId }) => ({ pause_id: 'left', switch_id: killId }),
  },
  {
    finds: 'I8 event-not-sealed',
    plant: ({ policyId }) => [copyOf(`resource_id = '${policyId}'`, { event_id: `'evt_open'` })],
    ids: () => ({ event_id: 'evt_open' }),
  },
  {
    finds: 'I8 tree-halted',
    plant: ({ tenantId }) => [
      `update audit_tree_heads set halted_at = now(), halted_reason = 'planted' where tenant_id = '${tenantId}'`,
    ],
    ids: ({ tenantId }) => ({ tenant_id: tenantId, halted_reason: 'planted' }),
  },
  {
    finds: 'I8 workflow-task-fails',
    edit: () => (material) => ({
      ...withHistory((text) =>
        text
          .replaceAll('WORKFLOW_TASK_COMPLETED"', 'WORKFLOW_TASK_FAILED"')
          .replace(/"status":"[A-Z]+"/, '"status":"RUNNING"'),
      )(material),
      bundleFiles: [],
    }),
    ids: () => ({ last: 'EVENT_TYPE_WORKFLOW_TASK_FAILED' }),
  },
];
