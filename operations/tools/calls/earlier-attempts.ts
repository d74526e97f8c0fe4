import type { EffectOutcomeWord } from '../../../contracts/effects';
import type { Work } from '../../define';
import type { CallRow, KeptDecision } from './call-rows';

/** The intents under which a call was sent before, where nobody knows what came of it. */
export function earlierIntents({ decision }: Pick<CallRow, 'decision'>): readonly string[] {
  return (decision as KeptDecision).earlierIntents ?? [];
}

/**
 * Says of the attempts before the last one what the last one showed: the tool does the same again without harm. What a
 * person has said of one of them before stands.
 */
export function resolveEarlier(
  work: Work,
  call: CallRow,
  { outcome, reason }: { readonly outcome: EffectOutcomeWord; readonly reason: string },
): void {
  for (const intentId of earlierIntents(call)) work.settle({ intentId, outcome, first: false, reason });
}

/** Says of one attempt that was made again what its own answer showed, when that comes after all. */
export function answerLate(
  work: Work,
  call: CallRow,
  { intentId, outcome }: { readonly intentId: string; readonly outcome: EffectOutcomeWord },
): void {
  const reason = 'answered_late';
  const isKnown = outcome !== 'unknown';
  if (isKnown) work.settle({ intentId, outcome, first: false, reason });
  work.audit({
    type: 'EffectResolved',
    outcome: isKnown ? 'success' : 'skipped',
    resource: { type: 'effect', id: intentId },
    evidence: { subject: `tool:${call.invocation_id}`, outcome, reason },
  });
}
