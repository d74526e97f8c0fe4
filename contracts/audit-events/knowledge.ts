import { z } from 'zod';
import { count, nullableWords, refused, words, type AuditRules } from './common';

const lifecycleChange = z.strictObject({
  from_state: words,
  to_state: words,
  action: words,
  gate_result: words,
  reason: nullableWords,
  job_id: nullableWords,
});
const job = z.strictObject({ job_kind: words, state: words, message: nullableWords, counts: z.record(words, count) });

/** Events of planes, their jobs, documents and sources. */
export const knowledgeEvents = {
  LIFECYCLE_TRANSITION: { category: 'lifecycle', severity: 'info', evidence: lifecycleChange },
  LIFECYCLE_ROLLBACK: { category: 'lifecycle', severity: 'warn', evidence: lifecycleChange },
  LIFECYCLE_BLOCKED: { category: 'lifecycle', severity: 'warn', evidence: refused },
  LIFECYCLE_JOB_STARTED: { category: 'lifecycle', severity: 'info', evidence: job },
  LIFECYCLE_JOB_COMPLETED: { category: 'lifecycle', severity: 'info', evidence: job },
  LIFECYCLE_JOB_FAILED: { category: 'lifecycle', severity: 'error', evidence: job },
  'job.killed_by_switch': { category: 'governance', severity: 'critical', evidence: job },
  PlaneRegistered: {
    category: 'lifecycle',
    severity: 'info',
    evidence: z.strictObject({ name: words, plane_type: words, source_types: z.array(words) }),
  },
  DocumentsAccepted: {
    category: 'execution',
    severity: 'info',
    evidence: z.strictObject({ source_id: words, accepted: count, rejected: count, content_hash: words }),
  },
  DocumentDeleted: { category: 'execution', severity: 'info', evidence: z.strictObject({ document_id: words }) },
  StageProgressed: {
    category: 'execution',
    severity: 'debug',
    evidence: z.strictObject({ stage: words, counts: z.record(words, count) }),
  },
  ReclassificationRequested: {
    category: 'governance',
    severity: 'info',
    evidence: z.strictObject({ job_id: words, all: z.boolean(), from_version: count.nullable(), to_version: count }),
  },
  PlaneClassified: {
    category: 'governance',
    severity: 'info',
    evidence: z.strictObject({
      from: nullableWords,
      to: words,
      rule: words,
      rules_version: count,
      documents: count,
      counted: count,
    }),
  },
  PlaneGoverned: {
    category: 'governance',
    severity: 'info',
    evidence: z.strictObject({
      governance_hash: words,
      sensitivity_level: nullableWords,
      policy_ids: z.array(words),
      policy_snapshot_id: nullableWords,
    }),
  },
  SchedulerJobChanged: {
    category: 'configuration',
    severity: 'info',
    evidence: z.strictObject({
      change: words,
      cron: nullableWords,
      interval_seconds: count.nullable(),
      overlap: words,
      enabled: z.boolean(),
    }),
  },
  SchedulerJobTriggered: {
    category: 'execution',
    severity: 'info',
    evidence: z.strictObject({ result: words, reason: nullableWords }),
  },
  ObjectsDiscarded: {
    category: 'execution',
    severity: 'info',
    evidence: z.strictObject({ objects: z.array(words), bytes: count, kept: count }),
  },
  SqlTemplateRegistered: {
    category: 'configuration',
    severity: 'info',
    evidence: z.strictObject({ name: words, template_version: count, content_hash: words }),
  },
  SqlTemplateRetired: {
    category: 'configuration',
    severity: 'info',
    evidence: z.strictObject({ name: words, template_version: count }),
  },
} as const satisfies AuditRules;
