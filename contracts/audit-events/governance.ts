import { z } from 'zod';
import { count, nullableWords, words, type AuditRules } from './common';

const switchChange = z.strictObject({
  switch_id: words,
  kind: words,
  scope: words,
  scope_id: nullableWords,
  owner: words,
  epoch: count,
  reason: words,
  row_hash: words,
});
const pause = z.strictObject({
  pause_id: nullableWords,
  switch_id: words,
  epoch: count,
  sla_deadline: nullableWords,
  on_timeout: nullableWords,
  outcome: nullableWords,
  reason: words,
});

/** Events of policies, switches, pauses, modes and limits. */
export const governanceEvents = {
  PolicyRuleCreated: {
    category: 'configuration',
    severity: 'info',
    evidence: z.strictObject({ name: words, enforcement_mode: words, conditions_hash: words }),
  },
  PolicyRuleModified: {
    category: 'configuration',
    severity: 'info',
    evidence: z.strictObject({ from: words, to: words, reason: words }),
  },
  PolicyRuleRetired: {
    category: 'configuration',
    severity: 'info',
    evidence: z.strictObject({ from: words, to: words, reason: words }),
  },
  PolicySimulated: {
    category: 'governance',
    severity: 'info',
    evidence: z.strictObject({
      is_saved: z.boolean(),
      enforcement_mode: words,
      conditions_hash: words,
      rules: z.array(z.strictObject({ effect: words, when: nullableWords })),
      replaces: nullableWords,
      server_id: nullableWords,
      tool_id: nullableWords,
      calls: count,
      /** The calls whose arguments were decrypted for it. */
      arguments_opened: z.array(words),
    }),
  },
  PolicySnapshotCreated: {
    category: 'configuration',
    severity: 'info',
    evidence: z.strictObject({ snapshot_id: words, version: count, content_hash: words, policy_count: count }),
  },
  PolicyScopeBound: { category: 'configuration', severity: 'info', evidence: z.strictObject({ bound: z.boolean() }) },
  governance_disabled: { category: 'governance', severity: 'critical', evidence: switchChange },
  governance_enabled: { category: 'governance', severity: 'critical', evidence: switchChange },
  governance_degraded: { category: 'governance', severity: 'critical', evidence: switchChange },
  governance_normal: { category: 'governance', severity: 'critical', evidence: switchChange },
  KillFannedOut: {
    category: 'governance',
    severity: 'warn',
    evidence: z.strictObject({ epoch: count, counts: z.record(words, count) }),
  },
  RunPaused: { category: 'governance', severity: 'warn', evidence: pause },
  RunPauseWarned: { category: 'governance', severity: 'warn', evidence: pause },
  RunPauseEnded: { category: 'governance', severity: 'warn', evidence: pause },
  RunPauseEscalated: { category: 'governance', severity: 'critical', evidence: pause },
  GovernanceModeChanged: {
    category: 'governance',
    severity: 'critical',
    evidence: z.strictObject({ from: words, to: words, scope: words, scope_id: words, reason: words }),
  },
  EnforcementModeChanged: {
    category: 'governance',
    severity: 'critical',
    evidence: z.strictObject({
      tenant_id: words,
      operation: nullableWords,
      from: nullableWords,
      to: nullableWords,
      reason: words,
    }),
  },
  InvariantViolated: {
    category: 'governance',
    severity: 'error',
    evidence: z.strictObject({
      invariant_id: words,
      severity: words,
      message: words,
      operation: words,
      mode: words,
    }),
  },
  RateLimitChanged: {
    category: 'configuration',
    severity: 'warn',
    evidence: z.strictObject({
      subject_type: words,
      tenant_id: words,
      from: nullableWords,
      to: nullableWords,
      reason: words,
    }),
  },
} as const satisfies AuditRules;
