-- CreateTable
CREATE TABLE "evidence_exports" (
    "export_id" VARCHAR(64) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "format" VARCHAR(8) NOT NULL,
    "selection" JSONB NOT NULL,
    "tree_size" BIGINT NOT NULL,
    "root_hash" VARCHAR(64) NOT NULL,
    "events" BIGINT NOT NULL,
    "bytes" BIGINT NOT NULL,
    "sha256" VARCHAR(64) NOT NULL,
    "created_by" VARCHAR(128) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "evidence_exports_pkey" PRIMARY KEY ("export_id")
);

-- CreateIndex
CREATE INDEX "evidence_exports_tenant_id_created_at_export_id_idx" ON "evidence_exports"("tenant_id", "created_at", "export_id");

ALTER TABLE "evidence_exports"
  ADD CHECK ("format" IN ('json', 'csv')),
  ADD CHECK ("events" >= 0 AND "bytes" >= 0 AND "tree_size" >= 0);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "evidence_exports"
  FOR EACH STATEMENT EXECUTE FUNCTION aos_refuse_change();
ALTER TABLE "evidence_exports" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON "evidence_exports" USING ("tenant_id" = (SELECT aos_tenant()));
REVOKE ALL ON "evidence_exports" FROM PUBLIC;
GRANT SELECT, INSERT ON "evidence_exports" TO aos_app, aos_system;
GRANT SELECT ON "evidence_exports" TO aos_auditor;
