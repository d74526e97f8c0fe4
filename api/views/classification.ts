import type { ClassificationView, ClassifiedDocumentView } from '../../contracts/api/classification';
import {
  countedScoreMin,
  personalDataKinds,
  rulesVersion,
  sensitivityRuleIds,
  sensitivityRules,
  type DocumentCategory,
  type KindFindings,
  type PersonalDataKind,
  type SensitivityRuleId,
} from '../../contracts/classification';
import type { SensitivityLevel } from '../../contracts/knowledge';
import { classifySensitivity, keepCategories } from '../../operations/knowledge/sensitivity';
import type { KnowledgeDocument, KnowledgePlane } from '../../prisma/generated/client';
import { isoOrNull } from './time';

/** What the classification left in the plane's row; the rule is missing where an earlier version wrote it. */
interface Stored {
  readonly rule?: SensitivityRuleId;
  readonly documents: number;
  readonly findings: Readonly<Partial<Record<PersonalDataKind, KindFindings & { readonly documents: number }>>>;
  readonly categories: readonly { readonly category: DocumentCategory; readonly documents: number }[];
}

const nothingStored: Stored = { documents: 0, findings: {}, categories: [] };

export function toClassificationView(plane: KnowledgePlane): ClassificationView {
  const stored = (plane.classificationMetadata as unknown as Stored | null) ?? nothingStored;
  const { documents, findings, categories } = stored;
  const kept = keptOf(stored);
  return {
    plane_id: plane.planeId,
    schema_version: '1.0',
    level: plane.sensitivityLevel as SensitivityLevel | null,
    rule: plane.sensitivityLevel === null ? null : toRule(stored.rule ?? ruleOf(stored, plane)),
    pii_detected: plane.piiDetected,
    declared_public: plane.planeType === 'public',
    score_counted_min: countedScoreMin,
    document_count: documents,
    findings: personalDataKinds.flatMap((kind) => {
      const found = findings[kind];
      return found === undefined ? [] : [{ kind, ...found }];
    }),
    categories: categories.map((each) => ({
      ...each,
      share: documents === 0 ? 0 : each.documents / documents,
      kept: kept.includes(each.category),
    })),
    rules_version: plane.rulesVersion,
    rules_version_current: rulesVersion,
    is_current: plane.rulesVersion !== null && plane.rulesVersion >= rulesVersion,
    classified_at: isoOrNull(plane.classifiedAt),
  };
}

function keptOf({ categories, documents }: Stored): string[] {
  return keepCategories(Object.fromEntries(categories.map((each) => [each.category, each.documents])), documents);
}

function ruleOf(stored: Stored, { planeType }: KnowledgePlane): SensitivityRuleId {
  const findingCounts = Object.fromEntries(
    Object.entries(stored.findings).map(([kind, { counted }]) => [kind, counted]),
  );
  return classifySensitivity({ findingCounts, categories: keptOf(stored), declaredPublic: planeType === 'public' })
    .rule;
}

function toRule(id: SensitivityRuleId) {
  return { id, order: sensitivityRuleIds.indexOf(id) + 1, ...sensitivityRules[id] };
}

export function toClassifiedDocumentView(document: KnowledgeDocument): ClassifiedDocumentView {
  const counts = document.findingCounts as unknown as Partial<Record<PersonalDataKind, KindFindings>>;
  const kinds = personalDataKinds
    .flatMap((kind) => (counts[kind] === undefined ? [] : [{ kind, ...counts[kind] }]))
    .toSorted((a, b) => b.score_max - a.score_max || b.findings - a.findings);
  return {
    document_id: document.documentId,
    source_id: document.sourceId,
    name: document.name,
    findings: kinds.reduce((sum, { findings }) => sum + findings, 0),
    counted: kinds.reduce((sum, { counted }) => sum + counted, 0),
    kinds,
    categories: document.categories as DocumentCategory[],
    rules_version: document.rulesVersion,
    classified_at: isoOrNull(document.classifiedAt),
  };
}
