import { z } from 'zod';
import { documentCategories, personalDataKinds, sensitivityRuleIds } from '../classification';
import { sensitivityLevels } from '../knowledge';
import { NullableTime, PageQuery } from './common';

const kindCounts = {
  kind: z.enum(personalDataKinds),
  findings: z.int(),
  /** Those whose score is high enough to count for the level. */
  counted: z.int(),
  score_min: z.number(),
  score_max: z.number(),
};

const CategoryName = z.enum(documentCategories);

/** Why a plane has its level. Before its first classification the level, the rule and the times are null. */
export const ClassificationView = z.strictObject({
  plane_id: z.string(),
  schema_version: z.literal('1.0'),
  level: z.enum(sensitivityLevels).nullable(),
  /** The first rule of the table that applied. */
  rule: z
    .strictObject({
      id: z.enum(sensitivityRuleIds),
      order: z.int(),
      level: z.enum(sensitivityLevels),
      sentence: z.string(),
    })
    .nullable(),
  pii_detected: z.boolean(),
  declared_public: z.boolean(),
  score_counted_min: z.number(),
  document_count: z.int(),
  findings: z.array(z.strictObject({ ...kindCounts, documents: z.int() })),
  categories: z.array(
    z.strictObject({ category: CategoryName, documents: z.int(), share: z.number(), kept: z.boolean() }),
  ),
  /** By which version of the detectors and rules every document was looked at. */
  rules_version: z.int().nullable(),
  rules_version_current: z.int(),
  is_current: z.boolean(),
  classified_at: NullableTime,
});
export type ClassificationView = z.infer<typeof ClassificationView>;

export const ClassifiedDocumentsQuery = PageQuery.extend({ kind: z.enum(personalDataKinds).optional() });

export const ClassifiedDocumentView = z.strictObject({
  document_id: z.string(),
  source_id: z.string(),
  name: z.string(),
  findings: z.int(),
  counted: z.int(),
  /** The highest score first, then the most findings. */
  kinds: z.array(z.strictObject(kindCounts)),
  categories: z.array(CategoryName),
  rules_version: z.int().nullable(),
  classified_at: NullableTime,
});
export type ClassifiedDocumentView = z.infer<typeof ClassifiedDocumentView>;

export const ReclassificationView = z.strictObject({
  plane_id: z.string(),
  job_id: z.string(),
  audit_event_id: z.string(),
});
