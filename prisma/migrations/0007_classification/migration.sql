-- What was found in a document, summed by kind, and by which version of the rules: the level and its explanation are
-- made from these sums, without reading the findings again.
ALTER TABLE "knowledge_documents"
  ADD COLUMN "finding_counts" JSONB NOT NULL DEFAULT '{}',
  ADD COLUMN "rules_version" INTEGER,
  ADD COLUMN "classified_at" TIMESTAMPTZ(3);
ALTER TABLE "knowledge_planes"
  ADD COLUMN "rules_version" INTEGER,
  ADD COLUMN "classified_at" TIMESTAMPTZ(3);

ALTER TABLE "knowledge_jobs"
  DROP CONSTRAINT "knowledge_jobs_kind_check",
  ADD CONSTRAINT "knowledge_jobs_kind_check" CHECK ("kind" IN
    ('verify_connectivity', 'ingest_data', 'index_data', 'classify_data', 'activate_plane', 'sync_documents',
     'reclassify_documents'));

-- What is classified already was so by the first version. An owner that is no superuser sees no row while row-level
-- security is forced on it.
ALTER TABLE "knowledge_documents" NO FORCE ROW LEVEL SECURITY;
ALTER TABLE "knowledge_findings" NO FORCE ROW LEVEL SECURITY;
ALTER TABLE "knowledge_planes" NO FORCE ROW LEVEL SECURITY;

UPDATE "knowledge_documents" d SET "finding_counts" = s.counts
FROM (
  SELECT k.document_id, k.version, jsonb_object_agg(k.kind, jsonb_build_object(
    'findings', k.findings, 'counted', k.counted, 'score_min', k.score_min, 'score_max', k.score_max)) AS counts
  FROM (
    SELECT document_id, version, kind, count(*) AS findings, count(*) FILTER (WHERE score >= 0.8) AS counted,
      min(score) AS score_min, max(score) AS score_max
    FROM "knowledge_findings" GROUP BY document_id, version, kind
  ) k GROUP BY k.document_id, k.version
) s
WHERE s.document_id = d.document_id AND s.version = d.classified_version;
UPDATE "knowledge_documents" SET "rules_version" = 1, "classified_at" = "updated_at"
  WHERE "classified_version" IS NOT NULL;
UPDATE "knowledge_planes" p SET "rules_version" = 1, "classified_at" = p."updated_at",
  "classification_metadata" = jsonb_build_object(
    'schema_version', '1.0',
    'documents', (SELECT count(*) FROM "knowledge_documents" d WHERE d.plane_id = p.plane_id AND d.indexed_version IS NOT NULL),
    'findings', (
      SELECT coalesce(jsonb_object_agg(k.kind, jsonb_build_object('findings', k.findings, 'counted', k.counted,
        'score_min', k.score_min, 'score_max', k.score_max, 'documents', k.documents)), '{}')
      FROM (
        SELECT c.key AS kind, sum((c.value->>'findings')::bigint) AS findings, sum((c.value->>'counted')::bigint) AS counted,
          min((c.value->>'score_min')::float8) AS score_min, max((c.value->>'score_max')::float8) AS score_max,
          count(*) AS documents
        FROM "knowledge_documents" d, jsonb_each(d.finding_counts) c
        WHERE d.plane_id = p.plane_id AND d.classified_version = d.indexed_version GROUP BY c.key
      ) k),
    'categories', (
      SELECT coalesce(jsonb_agg(jsonb_build_object('category', c.category, 'documents', c.documents) ORDER BY c.category), '[]')
      FROM (
        SELECT u.category, count(*) AS documents FROM "knowledge_documents" d, unnest(d.categories) AS u (category)
        WHERE d.plane_id = p.plane_id AND d.indexed_version IS NOT NULL GROUP BY u.category
      ) c))
  WHERE p."sensitivity_level" IS NOT NULL;

ALTER TABLE "knowledge_documents" FORCE ROW LEVEL SECURITY;
ALTER TABLE "knowledge_findings" FORCE ROW LEVEL SECURITY;
ALTER TABLE "knowledge_planes" FORCE ROW LEVEL SECURITY;
