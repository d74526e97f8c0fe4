import type { SensitivityLevel } from '../../contracts/knowledge';

/** Findings below this score are shown, but do not count for the level. */
export const countedScoreMin = 0.8;

const findingsConfidentialMin = 5;
const restrictedKinds = ['ssn', 'credit_card', 'iban', 'password', 'api_key'];
const sensitiveCategories = ['healthcare', 'legal', 'financial', 'personal'];

export interface SensitivityFacts {
  /** Findings of score ≥ 0.8, by kind. */
  readonly findingCounts: Readonly<Record<string, number>>;
  readonly categories: readonly string[];
  readonly declaredPublic: boolean;
}

/** The level of a plane; the first rule that applies decides. */
export function classifySensitivity({ findingCounts, categories, declaredPublic }: SensitivityFacts): SensitivityLevel {
  const total = Object.values(findingCounts).reduce((sum, count) => sum + count, 0);
  const isSensitive = sensitiveCategories.some((category) => categories.includes(category));
  if (restrictedKinds.some((kind) => (findingCounts[kind] ?? 0) > 0)) return 'restricted';
  if (total >= findingsConfidentialMin) return 'confidential';
  if (total > 0) return isSensitive ? 'confidential' : 'internal';
  return declaredPublic && !isSensitive ? 'public' : 'internal';
}

/** The categories that at least a tenth of the documents have, and never fewer than one document. */
export function keepCategories(documentCounts: Readonly<Record<string, number>>, documentsTotal: number): string[] {
  const countMin = Math.max(documentsTotal / 10, 1);
  return Object.keys(documentCounts)
    .filter((category) => (documentCounts[category] ?? 0) >= countMin)
    .sort();
}
