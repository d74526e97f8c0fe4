import { z } from 'zod';
import { count, nullableWords, words, type AuditRules } from './common';

const serverHealth = z.strictObject({ server_id: words, from_status: words, to_status: words, failures: count });

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
} as const satisfies AuditRules;
