import type { SensitivityLevel } from './knowledge';

/**
 * Raised with every change of a detector, of the categories or of the table below: documents that an older version
 * looked at are looked at again.
 */
export const rulesVersion = 2;

/** Findings below this score are shown, but do not count for the level. */
export const countedScoreMin = 0.8;

export const personalDataKinds = [
  'email',
  'phone',
  'ssn',
  'credit_card',
  'iban',
  'ip_address',
  'api_key',
  'password',
  'date_of_birth',
  'address',
  'name',
] as const;
export type PersonalDataKind = (typeof personalDataKinds)[number];

export const documentCategories = [
  'technical',
  'documentation',
  'financial',
  'legal',
  'personal',
  'healthcare',
] as const;
export type DocumentCategory = (typeof documentCategories)[number];

/** The rules of the level in their order; the first that applies decides. */
export const sensitivityRuleIds = [
  'restricted_kind',
  'many_findings',
  'findings_in_sensitive_category',
  'some_findings',
  'declared_public',
  'otherwise',
] as const;
export type SensitivityRuleId = (typeof sensitivityRuleIds)[number];

export interface SensitivityRule {
  readonly level: SensitivityLevel;
  readonly sentence: string;
}

export const sensitivityRules = {
  restricted_kind: {
    level: 'restricted',
    sentence: 'A social security number, credit card, IBAN, password or API key was found.',
  },
  many_findings: { level: 'confidential', sentence: 'Five or more findings of personal data count.' },
  findings_in_sensitive_category: {
    level: 'confidential',
    sentence: 'Personal data was found, and the documents are of a healthcare, legal, financial or personal category.',
  },
  some_findings: { level: 'internal', sentence: 'Personal data was found.' },
  declared_public: {
    level: 'public',
    sentence: 'No finding counts, no sensitive category is kept, and the owner declared the plane public.',
  },
  otherwise: {
    level: 'internal',
    sentence: 'No finding counts, and the plane is not public: not declared so, or of a sensitive category.',
  },
} as const satisfies Record<SensitivityRuleId, SensitivityRule>;

/** What was found of one kind; a document's row holds one per kind, a plane's explanation their sums. */
export interface KindFindings {
  readonly findings: number;
  /** Those that count for the level. */
  readonly counted: number;
  readonly score_min: number;
  readonly score_max: number;
}
