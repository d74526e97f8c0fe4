import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { LedgerLine } from '../ledger';

type LedgerAnswer = Extract<LedgerLine, { kind: 'answered' }>['answer'];

/** What the ledger keeps of an answer: its ids, and a hash by which two answers are compared. */
export function ledgerAnswer({
  data,
  code,
  reason,
}: {
  readonly data?: unknown;
  readonly code?: string | undefined;
  readonly reason?: string | undefined;
}): LedgerAnswer {
  return {
    ids: idsOf(data),
    hash: hashOf(code === undefined ? data : [code, reason ?? null]),
    ...(code !== undefined && { code }),
    ...(reason !== undefined && { reason }),
  };
}

/** SHA-256 over the canonical form (RFC 8785), in hex. */
export function hashOf(value: unknown): string {
  return createHash('sha256')
    .update(canonicalize(value ?? null) ?? 'null')
    .digest('hex');
}

/** The first of each name, at any depth. */
function idsOf(data: unknown, found: Record<string, string> = {}): Record<string, string> {
  if (data === null || typeof data !== 'object') return found;
  for (const [name, value] of Object.entries(data)) {
    if (typeof value === 'string' && name.endsWith('_id')) found[name] ??= value;
    else idsOf(value, found);
  }
  return found;
}
