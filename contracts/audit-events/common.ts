import { z } from 'zod';

export const auditCategories = ['governance', 'security', 'lifecycle', 'execution', 'configuration'] as const;
export type AuditCategory = (typeof auditCategories)[number];
export const auditSeverities = ['debug', 'info', 'warn', 'error', 'critical'] as const;
export type AuditSeverity = (typeof auditSeverities)[number];
export const auditOutcomes = ['success', 'failure', 'blocked', 'skipped', 'pending', 'unknown', 'killed'] as const;
export type AuditOutcome = (typeof auditOutcomes)[number];

export const words = z.string();
export const nullableWords = z.string().nullable();
export const count = z.int();

export const refused = z.strictObject({
  operation: words,
  code: words,
  reason: nullableWords,
  details: z.record(words, z.unknown()),
});

/** What each event is counted under, how grave it is, and what it must say. */
export type AuditRules = Readonly<
  Record<string, { category: AuditCategory; severity: AuditSeverity; evidence: z.ZodType<Record<string, unknown>> }>
>;
