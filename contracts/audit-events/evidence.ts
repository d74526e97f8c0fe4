import { z } from 'zod';
import { count, nullableWords, words, type AuditRules } from './common';

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

/** Events of reads, effects, exports and seals. */
export const evidenceEvents = {
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
} as const satisfies AuditRules;
