/** What may become of an effect; the first outcome of an intent closes it. */
export const effectOutcomes = ['succeeded', 'failed', 'unknown', 'refused', 'killed'] as const;
export type EffectOutcomeWord = (typeof effectOutcomes)[number];

/** `open` waits for its outcome, `unknown` for somebody who finds it out. */
export const effectStatuses = ['open', 'unknown', 'settled'] as const;
export type EffectStatus = (typeof effectStatuses)[number];

/** What a person may say of an effect whose outcome nobody knew. */
export const effectResolutions = ['succeeded', 'failed'] as const;
export type EffectResolution = (typeof effectResolutions)[number];
