import { z } from 'zod';
import { count, nullableWords, words, type AuditRules } from './common';

const serverHealth = z.strictObject({ server_id: words, from_status: words, to_status: words, failures: count });

const call = { invocation_id: words, server_id: words, tool_name: words };
const notes = z.array(z.strictObject({ policy_id: words, effect: words, failure: nullableWords }));
const decided = z.strictObject({ ...call, message: words, warnings: notes, shadow: notes });
const ended = z.strictObject({
  ...call,
  outcome: words,
  reason: nullableWords,
  output_hash: nullableWords,
  /** Places in the result that policies had replaced. */
  replaced: count.optional(),
  duration_ms: count.nullable(),
  row_hash: words,
});

const read = { read_id: words, server_id: words, method: words, input_hash: words };
const readEnded = z.strictObject({
  ...read,
  outcome: words,
  reason: nullableWords,
  output_hash: nullableWords,
  duration_ms: count.nullable(),
  row_hash: words,
});

/** Events of tool servers and their tools. */
export const toolsEvents = {
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
  server_discovery_requested: {
    category: 'configuration',
    severity: 'info',
    evidence: z.strictObject({ server_id: words, discovery_id: words }),
  },
  server_discovery_failed: {
    category: 'execution',
    severity: 'warn',
    evidence: z.strictObject({
      server_id: words,
      discovery_id: nullableWords,
      from_status: words,
      to_status: words,
      message: words,
    }),
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
  tool_invocation_requested: {
    category: 'execution',
    severity: 'info',
    evidence: z.strictObject({ ...call, input_hash: words, definition_hash: words, risk: words }),
  },
  tool_invocation_allowed: { category: 'governance', severity: 'info', evidence: decided },
  tool_invocation_held: { category: 'governance', severity: 'warn', evidence: decided },
  tool_invocation_denied: {
    category: 'governance',
    severity: 'warn',
    evidence: z.strictObject({
      ...call,
      tool_id: words,
      tool_name: nullableWords,
      input_hash: words,
      reason: words,
      warnings: notes,
      shadow: notes,
      row_hash: nullableWords,
    }),
  },
  tool_invocation_repeated: {
    category: 'execution',
    severity: 'debug',
    evidence: z.strictObject({ ...call, state: words, outcome: nullableWords }),
  },
  tool_invocation_started: {
    category: 'execution',
    severity: 'info',
    evidence: z.strictObject({
      ...call,
      intent_id: words,
      input_hash: words,
      definition_hash: words,
      approval_id: nullableWords,
      snapshot_at_request: nullableWords,
    }),
  },
  tool_invocation_retried: {
    category: 'execution',
    severity: 'warn',
    evidence: z.strictObject({
      ...call,
      attempt: count,
      intent_id: words,
      lost_intent_id: words,
      lost_reason: words,
      input_hash: words,
      definition_hash: words,
    }),
  },
  tool_invocation_completed: { category: 'execution', severity: 'info', evidence: ended },
  tool_invocation_failed: { category: 'execution', severity: 'error', evidence: ended },
  tool_invocation_resolved: {
    category: 'governance',
    severity: 'warn',
    evidence: z.strictObject({ ...call, outcome: words, reason: words, row_hash: words }),
  },
  server_read_started: {
    category: 'execution',
    severity: 'info',
    evidence: z.strictObject({
      ...read,
      intent_id: words,
      message: words,
      warnings: notes,
      shadow: notes,
    }),
  },
  server_read_denied: {
    category: 'governance',
    severity: 'warn',
    evidence: z.strictObject({ ...read, reason: words, warnings: notes, shadow: notes, row_hash: nullableWords }),
  },
  server_read_completed: { category: 'execution', severity: 'info', evidence: readEnded },
  server_read_failed: { category: 'execution', severity: 'error', evidence: readEnded },
  tool_approval_voted: {
    category: 'governance',
    severity: 'warn',
    evidence: z.strictObject({
      ...call,
      approval_id: words,
      vote: words,
      reason: words,
      approvals: count,
      approvers_needed: count,
      input_hash: words,
      definition_hash: words,
    }),
  },
  tool_approval_ended: {
    category: 'governance',
    severity: 'warn',
    evidence: z.strictObject({ ...call, approval_id: words, decision: words }),
  },
} as const satisfies AuditRules;
