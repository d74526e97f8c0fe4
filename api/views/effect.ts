import type { EffectView } from '../../contracts/api/effects';
import type { EffectRow } from '../../prisma/reads/effects';
import { isoOrNull } from './time';

export function toEffectView(row: EffectRow): EffectView {
  const { intent_id, subject, phase, outcome, reason, resolved_by } = row;
  return {
    ...{ intent_id, subject, phase, status: statusOf(outcome), outcome, reason, resolved_by },
    resolved_at: isoOrNull(row.resolved_at),
    deadline: row.deadline.toISOString(),
    created_at: row.created_at.toISOString(),
  };
}

// The outcome shown is the resolution where there is one, so an unknown one is not resolved.
function statusOf(outcome: EffectRow['outcome']): EffectView['status'] {
  if (outcome === null) return 'open';
  return outcome === 'unknown' ? 'unknown' : 'settled';
}
