import type { LedgerLine } from '../../../chaos/ledger';
import { copyOf, succeeded, withLines } from './edits';
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
];
