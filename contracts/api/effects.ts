import { z } from 'zod';
import { effectOutcomes, effectResolutions, effectStatuses } from '../effects';
import { identifier, text } from '../text';
import { NullableTime, PageQuery, Time } from './common';

export const EffectQuery = PageQuery.extend({ status: z.enum(effectStatuses).optional() });
export const EffectPath = z.strictObject({ intent_id: identifier.max(64) });
export const ResolveBody = z.strictObject({ outcome: z.enum(effectResolutions), reason: text(1000) });

export const EffectView = z.strictObject({
  intent_id: z.string(),
  /** What was about to happen, and in which phase of it. */
  subject: z.string(),
  phase: z.string(),
  status: z.enum(effectStatuses),
  /** What is known of it: the resolution where there is one. Null while the effect is open. */
  outcome: z.enum(effectOutcomes).nullable(),
  reason: z.string().nullable(),
  /** Who said the outcome, and when. */
  resolved_by: z.string().nullable(),
  resolved_at: NullableTime,
  /** An open effect is told as failed or unknown after this moment. */
  deadline: Time,
  created_at: Time,
});
export type EffectView = z.infer<typeof EffectView>;

export const EffectResolutionView = z.strictObject({
  intent_id: z.string(),
  outcome: z.enum(effectResolutions),
  reason: z.string(),
  resolved_by: z.string(),
});
