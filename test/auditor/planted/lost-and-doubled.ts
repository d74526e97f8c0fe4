import type { LedgerLine } from '../../../chaos/ledger';
import { copyOf, succeeded, twinOf, withLines } from './edits';
import type { Planted } from './planted';

/** Records that are gone (I1), and effects that happened twice (I2). */
export const lostAndDoubled: readonly Planted[] = [
  {
    finds: 'I1 acknowledged-row-missing',
    edit: (run) => withLines({ ...succeeded(run, '/policies'), answer: { ids: { policy_id: 'pol_lost' }, hash: '' } }),
    ids: () => ({ policy_id: 'pol_lost' }),
  },
  {
    finds: 'I1 acknowledged-without-event',
    plant: ({ policyId }) => [
      `delete from audit_events where event_type = 'PolicyRuleCreated' and resource_id = '${policyId}'`,
    ],
    ids: ({ policyId }) => ({ subject: policyId, action: 'policies.create' }),
  },
  {
    finds: 'I2 two-first-outcomes',
    plant: ({ evidenceId, tenantId }) => [
      'drop index effect_outcomes_first',
      `insert into effect_outcomes (intent_id, tenant_id, outcome, first, integrity_hash)
        values ('${evidenceId}', '${tenantId}', 'succeeded', true, 'h')`,
    ],
    ids: ({ evidenceId }) => ({ intent_id: evidenceId }),
  },
  {
    finds: 'I2 outcome-without-intent',
    plant: ({ tenantId }) => [
      `insert into effect_outcomes (intent_id, tenant_id, outcome, first, integrity_hash)
        values ('nobody', '${tenantId}', 'failed', true, 'h')`,
    ],
    ids: () => ({ intent_id: 'nobody' }),
  },
  {
    finds: 'I2 effect-reached-twice',
    edit: () =>
      withLines(
        ...[1, 2].map((): LedgerLine => ({
          ...{
            at: new Date(0).toISOString(),
            seq: 1,
            kind: 'effect',
            sink: 'http-source',
            key: 'once',
            mayRepeat: false,
          },
        })),
      ),
    ids: () => ({ key: 'once' }),
  },
  {
    finds: 'I2 job-completed-twice',
    plant: () => [copyOf(`event_type = 'LIFECYCLE_JOB_COMPLETED'`, { event_id: `'evt_twice'` })],
  },
  {
    finds: 'I2 two-jobs-at-once',
    plant: () => ['drop index knowledge_jobs_one_open', `update knowledge_jobs set status = 'running'`],
    ids: ({ planeId }) => ({ plane_id: planeId }),
  },
  {
    finds: 'I2 done-more-often-than-asked',
    plant: ({ policyId }) => [
      copyOf(`event_type = 'PolicyRuleCreated' and resource_id = '${policyId}'`, { event_id: `'evt_again'` }),
    ],
    ids: ({ policyId }) => ({ subject: policyId, asked: 1, events: 2 }),
  },
  {
    finds: 'I2 document-twice',
    plant: () => [
      'drop index knowledge_documents_source_id_name_key',
      `create temp table twin on commit drop as select * from knowledge_documents limit 1`,
      `update twin set document_id = 'doc_twin'`,
      `insert into knowledge_documents select * from twin`,
    ],
  },
  {
    finds: 'I2 intent-twice',
    plant: ({ evidenceId }) =>
      twinOf('effect_intents', {
        where: `intent_id = '${evidenceId}'`,
        index: 'drop index effect_intents_subject_phase_key',
        change: { intent_id: `'twin'` },
      }),
    ids: () => ({ times: 2 }),
  },
  {
    finds: 'I2 index-run-twice',
    plant: ({ planeId }) =>
      twinOf('knowledge_index_runs', {
        where: `plane_id = '${planeId}'`,
        index: 'drop index knowledge_index_runs_job_id_key',
        change: { index_run_id: `'twin'`, seq: 'seq + 1000' },
      }),
    ids: () => ({ times: 2 }),
  },
  {
    finds: 'I2 finding-twice',
    plant: () => [
      'drop index knowledge_findings_document_id_version_kind_start_offset_en_key',
      `insert into knowledge_findings (tenant_id, plane_id, document_id, version, kind, start_offset, end_offset, score, rule, rule_version, job_id)
        select d.tenant_id, d.plane_id, d.document_id, 'v', 'email', 1, 9, 1, 'r', '1', 'j'
        from (select * from knowledge_documents limit 1) d, generate_series(1, 2)`,
    ],
    ids: () => ({ kind: 'email', start_offset: 1, times: 2 }),
  },
  {
    finds: 'I2 snapshot-version-twice',
    plant: ({ tenantId }) =>
      twinOf('policy_snapshots', {
        where: `tenant_id = '${tenantId}'`,
        index: 'drop index policy_snapshots_tenant_id_version_key',
        change: { snapshot_id: `'twin'`, id: 'id + 100000' },
      }),
    ids: ({ tenantId }) => ({ tenant_id: tenantId, times: 2 }),
  },
  {
    finds: 'I2 switch-changed-twice',
    plant: ({ killId }) => [
      `insert into runtime_switch_history (switch_id, tenant_id, previous, current, epoch, reason, actor_id, integrity_hash)
        select switch_id, tenant_id, previous, current, epoch, reason, actor_id, integrity_hash
        from runtime_switch_history where switch_id = '${killId}' and current`,
    ],
    ids: ({ killId }) => ({ switch_id: killId, times: 2 }),
  },
  {
    finds: 'I2 key-twice',
    plant: () =>
      twinOf('idempotency_records', {
        where: `key = 'k1'`,
        index: 'alter table idempotency_records drop constraint idempotency_records_pkey',
      }),
    ids: () => ({ key: 'k1', times: 2 }),
  },
];
