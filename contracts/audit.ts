import { z } from 'zod';

export const auditCategories = ['governance', 'security', 'lifecycle', 'execution', 'configuration'] as const;
export type AuditCategory = (typeof auditCategories)[number];
export const auditSeverities = ['debug', 'info', 'warn', 'error', 'critical'] as const;
export type AuditSeverity = (typeof auditSeverities)[number];
export const auditOutcomes = ['success', 'failure', 'blocked', 'skipped', 'pending', 'unknown', 'killed'] as const;
export type AuditOutcome = (typeof auditOutcomes)[number];

const words = z.string();
const nullableWords = z.string().nullable();
const count = z.int();

const lifecycleChange = z.strictObject({
  from_state: words,
  to_state: words,
  action: words,
  gate_result: words,
  reason: nullableWords,
  job_id: nullableWords,
});
const job = z.strictObject({ job_kind: words, state: words, message: nullableWords, counts: z.record(words, count) });
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
const retrieval = z.strictObject({
  evidence_id: words,
  action: words,
  query_hash: words,
  decision: words,
  deny_reason: nullableWords,
  document_ids: z.array(words),
  token_count: count,
  redaction_applied: z.boolean(),
  row_hash: words,
});
const serverHealth = z.strictObject({ server_id: words, from_status: words, to_status: words, failures: count });
const refused = z.strictObject({
  operation: words,
  code: words,
  reason: nullableWords,
  details: z.record(words, z.unknown()),
});

/** Every event that may be appended, with what it must say. The union of these is the audit vocabulary. */
export const auditEvents = {
  OperationRefused: { category: 'security', severity: 'warn', evidence: refused },
  AccessRefused: { category: 'security', severity: 'warn', evidence: refused },
  MessageRefused: { category: 'security', severity: 'warn', evidence: z.strictObject({ message: words }) },
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
  RetrievalAllowed: { category: 'execution', severity: 'info', evidence: retrieval },
  RetrievalDenied: { category: 'security', severity: 'warn', evidence: retrieval },
  RetrievalFailed: {
    category: 'execution',
    severity: 'error',
    evidence: z.strictObject({ evidence_id: words, reason: words }),
  },
  EffectSwept: {
    category: 'execution',
    severity: 'warn',
    evidence: z.strictObject({ subject: nullableWords, outcome: words }),
  },
  EffectResolved: {
    category: 'governance',
    severity: 'warn',
    evidence: z.strictObject({ subject: words, outcome: words, reason: words }),
  },
  EffectSettled: {
    category: 'execution',
    severity: 'info',
    evidence: z.strictObject({ subject: words, outcome: words }),
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
  TenantCreated: { category: 'configuration', severity: 'info', evidence: z.strictObject({ name: words }) },
  ApiKeyCreated: {
    category: 'security',
    severity: 'info',
    evidence: z.strictObject({ name: words, role: words, expires_at: nullableWords }),
  },
  CredentialStored: {
    category: 'security',
    severity: 'info',
    evidence: z.strictObject({
      name: words,
      credential_type: words,
      secret_version: count,
      key_id: words,
      expires_at: nullableWords,
    }),
  },
  CredentialRotated: {
    category: 'security',
    severity: 'info',
    evidence: z.strictObject({ name: words, secret_version: count, key_id: words, expires_at: nullableWords }),
  },
  CredentialDeleted: { category: 'security', severity: 'warn', evidence: z.strictObject({ name: words }) },
  CredentialAccessed: {
    category: 'security',
    severity: 'info',
    evidence: z.strictObject({
      purpose: words,
      accessor_id: words,
      secret_version: count.nullable(),
      error: nullableWords,
    }),
  },
  MasterKeyRotationBegun: {
    category: 'security',
    severity: 'warn',
    evidence: z.strictObject({ key_id: words, former_key_id: words }),
  },
  MasterKeyRotated: {
    category: 'security',
    severity: 'warn',
    evidence: z.strictObject({ key_id: words, former_key_id: words, tenants: count, secrets: count }),
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
  ExportCreated: {
    category: 'security',
    severity: 'info',
    evidence: z.strictObject({
      export_id: words,
      format: words,
      selection: z.record(words, nullableWords),
      tree_size: count,
      root_hash: words,
      events: count,
      bytes: count,
      sha256: words,
    }),
  },
  ExportFailed: {
    category: 'security',
    severity: 'warn',
    evidence: z.strictObject({ export_id: words, reason: words }),
  },
  SigningKeyRotated: {
    category: 'security',
    severity: 'warn',
    evidence: z.strictObject({ key_id: words, former_key_id: words, record_hash: words }),
  },
  EvidenceEpochOpened: {
    category: 'security',
    severity: 'warn',
    evidence: z.strictObject({ epoch: count, former_epoch: count, reason: words }),
  },
  server_registered: {
    category: 'configuration',
    severity: 'info',
    evidence: z.strictObject({
      server_id: words,
      name: words,
      url: words,
      transport: words,
      auth_type: words,
      credential_id: nullableWords,
      requires_approval: z.boolean(),
    }),
  },
  server_changed: {
    category: 'configuration',
    severity: 'warn',
    evidence: z.strictObject({ server_id: words, changed: z.array(words), from_status: words, to_status: words }),
  },
  server_unregistered: {
    category: 'configuration',
    severity: 'warn',
    evidence: z.strictObject({ server_id: words, name: words }),
  },
  server_discovered: {
    category: 'security',
    severity: 'info',
    evidence: z.strictObject({
      server_id: words,
      protocol_version: words,
      tools: count,
      added: z.array(words),
      changed: z.array(words),
      gone: z.array(words),
      findings: count,
      rejected: count,
    }),
  },
  server_health_changed: { category: 'execution', severity: 'warn', evidence: serverHealth },
  server_health_checked: { category: 'execution', severity: 'debug', evidence: serverHealth },
  tool_definition_approved: {
    category: 'security',
    severity: 'warn',
    evidence: z.strictObject({
      server_id: words,
      tool_name: words,
      from_hash: words,
      to_hash: words,
      fields: z.array(words),
      reason: words,
    }),
  },
  tool_changed: {
    category: 'configuration',
    severity: 'warn',
    evidence: z.strictObject({
      server_id: words,
      tool_name: words,
      changed: z.array(words),
      risk_from: words,
      risk_to: words,
    }),
  },
  tool_grant_changed: {
    category: 'security',
    severity: 'warn',
    evidence: z.strictObject({
      server_id: words,
      tool_name: words,
      grant_id: words,
      granted: z.boolean(),
      reason: words,
    }),
  },
  ApiKeyRevoked: { category: 'security', severity: 'info', evidence: z.strictObject({ name: words }) },
} as const satisfies Record<
  string,
  { category: AuditCategory; severity: AuditSeverity; evidence: z.ZodType<Record<string, unknown>> }
>;

export type AuditEventType = keyof typeof auditEvents;

interface AuditEventCommon {
  readonly outcome: AuditOutcome;
  readonly planeId?: string | undefined;
  readonly jobId?: string | undefined;
  readonly resource?: { readonly type: string; readonly id: string };
  readonly policyId?: string | undefined;
  readonly policySnapshotId?: string | undefined;
  readonly error?: { readonly code: string; readonly message: string };
}

/** What an operation hands over; who, when and under which request are added by the audit writer. */
export type AuditEntry = {
  [T in AuditEventType]: AuditEventCommon & {
    readonly type: T;
    readonly evidence: z.input<(typeof auditEvents)[T]['evidence']>;
  };
}[AuditEventType];
