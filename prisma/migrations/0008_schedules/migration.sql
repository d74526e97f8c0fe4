-- CreateTable
CREATE TABLE "plane_schedules" (
    "schedule_id" VARCHAR(64) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "plane_id" VARCHAR(64) NOT NULL,
    "cron" VARCHAR(128),
    "interval_seconds" INTEGER,
    "overlap" VARCHAR(16) NOT NULL,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "created_by" VARCHAR(128) NOT NULL,
    "creator_key_id" VARCHAR(64) NOT NULL,
    "run_count" INTEGER NOT NULL DEFAULT 0,
    "last_run_at" TIMESTAMPTZ(3),
    "last_result" VARCHAR(16),
    "last_reason" VARCHAR(500),
    "last_job_id" VARCHAR(64),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "plane_schedules_pkey" PRIMARY KEY ("schedule_id")
);

-- CreateIndex
CREATE INDEX "plane_schedules_tenant_id_plane_id_idx" ON "plane_schedules"("tenant_id", "plane_id");

ALTER TABLE "plane_schedules"
  ADD CHECK (("cron" IS NULL) <> ("interval_seconds" IS NULL)),
  ADD CHECK ("interval_seconds" > 0),
  ADD CHECK ("overlap" IN ('SKIP', 'BUFFER_ONE')),
  ADD CHECK ("last_result" IN ('started', 'completed', 'failed', 'skipped', 'refused')),
  ADD CONSTRAINT "plane_schedules_plane_id_fkey" FOREIGN KEY ("plane_id") REFERENCES "knowledge_planes" ("plane_id");
-- At most one schedule of a plane; the rows of deleted ones stay.
CREATE UNIQUE INDEX "plane_schedules_one_open" ON "plane_schedules" ("plane_id") WHERE "deleted_at" IS NULL;

ALTER TABLE "plane_schedules" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON "plane_schedules" USING ("tenant_id" = (SELECT aos_tenant()));
GRANT SELECT, INSERT, UPDATE ON "plane_schedules" TO aos_app;
GRANT SELECT ON "plane_schedules" TO aos_system;

ALTER TABLE "iam_grants" DROP CONSTRAINT "iam_grants_role_check",
  ADD CONSTRAINT "iam_grants_role_check"
    CHECK ("role" IN ('operator', 'admin', 'developer', 'viewer', 'agent', 'auditor', 'system', 'schedule'));

-- What an actor may do at most: null for everybody but a schedule, which may do no more than its creator's key may at
-- this moment. Without a schedule of this name, or with its key revoked or run out, that is nothing.
CREATE FUNCTION aos_ceiling(p_tenant text, p_actor text) RETURNS text[] LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN p_actor LIKE 'schedule:%' THEN coalesce((
    SELECT array_agg(g.role::text)
    FROM plane_schedules s
    JOIN api_keys k ON k.key_id = s.creator_key_id AND k.tenant_id = s.tenant_id AND k.revoked_at IS NULL
      AND (k.expires_at IS NULL OR k.expires_at > now())
    JOIN iam_grants g ON g.tenant_id = s.tenant_id AND g.identity = k.key_id AND g.revoked_at IS NULL
    WHERE s.tenant_id = p_tenant AND s.schedule_id = substr(p_actor, 10) AND s.deleted_at IS NULL), '{}'::text[]) END
$$;
