-- Read-only SQL texts that sources name by id. A template never changes: a change is a new version of its name.
CREATE TABLE "sql_templates" (
  "template_id" VARCHAR(64) NOT NULL,
  "tenant_id" VARCHAR(64) NOT NULL,
  "name" VARCHAR(128) NOT NULL,
  "template_version" INTEGER NOT NULL,
  "description" TEXT,
  "connection_ref" VARCHAR(128),
  "sql" TEXT NOT NULL,
  "statement" TEXT NOT NULL,
  "parameter_order" TEXT[] NOT NULL,
  "parameters" JSONB NOT NULL,
  "columns" JSONB NOT NULL,
  "content_hash" VARCHAR(64) NOT NULL,
  "status" VARCHAR(16) NOT NULL DEFAULT 'active',
  "created_by" VARCHAR(128) NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "retired_by" VARCHAR(128),
  "retired_at" TIMESTAMPTZ(3),
  CONSTRAINT "sql_templates_pkey" PRIMARY KEY ("template_id")
);
CREATE UNIQUE INDEX "sql_templates_tenant_id_name_template_version_key"
  ON "sql_templates" ("tenant_id", "name", "template_version");
CREATE INDEX "sql_templates_tenant_id_created_at_template_id_idx"
  ON "sql_templates" ("tenant_id", "created_at", "template_id");

ALTER TABLE "sql_templates"
  ADD CHECK ("status" IN ('active', 'retired')),
  ADD CHECK ("template_version" > 0),
  ADD CHECK (("status" = 'retired') = ("retired_at" IS NOT NULL));

ALTER TABLE "sql_templates" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON "sql_templates" USING ("tenant_id" = (SELECT aos_tenant()));

-- Retiring is all that may ever happen to a row.
GRANT SELECT, INSERT, UPDATE ("status", "retired_by", "retired_at") ON "sql_templates" TO aos_app;
GRANT SELECT ON "sql_templates" TO aos_system;
