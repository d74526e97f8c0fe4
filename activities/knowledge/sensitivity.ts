import type { Category } from './categories';
import type { PersonalDataKind } from './detectors';

/** Rising. */
export const sensitivityLevels = ['public', 'internal', 'confidential', 'restricted'] as const;

export type SensitivityLevel = (typeof sensitivityLevels)[number];

/** Findings below this score are shown, but do not count for the level. */
export const countedScoreMin = 0.8;

const findingsMaxBelowConfidential = 4;
const restrictedKinds: readonly PersonalDataKind[] = ['ssn', 'credit_card', 'iban', 'password', 'api_key'];
const sensitiveCategories: readonly Category[] = ['healthcare', 'legal', 'financial', 'personal'];

/** The level of a plane by its findings of score ≥ 0.8, its kept categories and its owner's declaration. */
export function classifySensitivity({
  findingCounts,
  categories,
  declaredPublic,
}: {
  readonly findingCounts: Readonly<Partial<Record<PersonalDataKind, number>>>;
  readonly categories: readonly Category[];
  readonly declaredPublic: boolean;
}): SensitivityLevel {
  const total = Object.values(findingCounts).reduce((sum, count) => sum + count, 0);
  const hasSensitiveCategory = sensitiveCategories.some((category) => categories.includes(category));
  if (restrictedKinds.some((kind) => (findingCounts[kind] ?? 0) > 0)) return 'restricted';
  if (total > findingsMaxBelowConfidential) return 'confidential';
  if (total > 0) return hasSensitiveCategory ? 'confidential' : 'internal';
  return declaredPublic && !hasSensitiveCategory ? 'public' : 'internal';
}
