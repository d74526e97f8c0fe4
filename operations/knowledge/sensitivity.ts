import { sensitivityRules, type DocumentCategory, type SensitivityRuleId } from '../../contracts/classification';
import type { SensitivityLevel } from '../../contracts/knowledge';

const findingsConfidentialMin = 5;
const restrictedKinds = ['ssn', 'credit_card', 'iban', 'password', 'api_key'];
const sensitiveCategories: readonly string[] = [
  'healthcare',
  'legal',
  'financial',
  'personal',
] satisfies DocumentCategory[];

export interface SensitivityFacts {
  /** Findings that count, by kind. */
  readonly findingCounts: Readonly<Record<string, number>>;
  readonly categories: readonly string[];
  readonly declaredPublic: boolean;
}

/** The level of a plane and the rule that decided it: the first that applies. */
export function classifySensitivity(facts: SensitivityFacts): { level: SensitivityLevel; rule: SensitivityRuleId } {
  const rule = decideRule(facts);
  return { level: sensitivityRules[rule].level, rule };
}

function decideRule({ findingCounts, categories, declaredPublic }: SensitivityFacts): SensitivityRuleId {
  const total = Object.values(findingCounts).reduce((sum, count) => sum + count, 0);
  const isSensitive = sensitiveCategories.some((category) => categories.includes(category));
  if (restrictedKinds.some((kind) => (findingCounts[kind] ?? 0) > 0)) return 'restricted_kind';
  if (total >= findingsConfidentialMin) return 'many_findings';
  if (total > 0) return isSensitive ? 'findings_in_sensitive_category' : 'some_findings';
  return declaredPublic && !isSensitive ? 'declared_public' : 'otherwise';
}

/** The categories that at least a tenth of the documents have, and never fewer than one document. */
export function keepCategories(documentCounts: Readonly<Record<string, number>>, documentsTotal: number): string[] {
  const countMin = Math.max(documentsTotal / 10, 1);
  return Object.keys(documentCounts)
    .filter((category) => (documentCounts[category] ?? 0) >= countMin)
    .sort();
}
