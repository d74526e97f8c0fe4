-- AlterTable
ALTER TABLE "knowledge_jobs" ADD COLUMN     "passed_pauses" JSONB NOT NULL DEFAULT '{}';

-- AlterTable
ALTER TABLE "runtime_switches" ADD COLUMN     "on_timeout" VARCHAR(16),
ADD COLUMN     "sla_seconds" INTEGER;

-- CreateTable
CREATE TABLE "run_pauses" (
    "pause_id" VARCHAR(64) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "run_id" VARCHAR(64) NOT NULL,
    "plane_id" VARCHAR(64) NOT NULL,
    "workflow_id" VARCHAR(256) NOT NULL,
    "switch_id" VARCHAR(64) NOT NULL,
    "switch_epoch" BIGINT NOT NULL,
    "reason" TEXT NOT NULL,
    "paused_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sla_deadline" TIMESTAMPTZ(3) NOT NULL,
    "on_timeout" VARCHAR(16) NOT NULL,
    "warned_at" TIMESTAMPTZ(3),
    "escalated_at" TIMESTAMPTZ(3),
    "outcome" VARCHAR(16),
    "resumed_by" VARCHAR(128),
    "resumed_at" TIMESTAMPTZ(3),

    CONSTRAINT "run_pauses_pkey" PRIMARY KEY ("pause_id")
);

-- CreateTable
CREATE TABLE "switch_fan_outs" (
    "switch_id" VARCHAR(64) NOT NULL,
    "epoch" BIGINT NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "workflow_id" VARCHAR(256) NOT NULL,
    "status" VARCHAR(16) NOT NULL DEFAULT 'queued',
    "survivors" INTEGER NOT NULL DEFAULT 0,
    "survivor_ids" JSONB NOT NULL DEFAULT '[]',
    "queued_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "switch_fan_outs_pkey" PRIMARY KEY ("switch_id","epoch")
);

-- CreateTable
CREATE TABLE "switch_fan_out_targets" (
    "switch_id" VARCHAR(64) NOT NULL,
    "epoch" BIGINT NOT NULL,
    "workflow_id" VARCHAR(256) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "signalled" BOOLEAN NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "switch_fan_out_targets_pkey" PRIMARY KEY ("switch_id","epoch","workflow_id")
);

-- CreateIndex
CREATE INDEX "run_pauses_tenant_id_paused_at_pause_id_idx" ON "run_pauses"("tenant_id", "paused_at", "pause_id");

-- CreateIndex
CREATE INDEX "run_pauses_switch_id_idx" ON "run_pauses"("switch_id");

-- CreateIndex
CREATE INDEX "runtime_switches_last_changed_idx" ON "runtime_switches"("last_changed");



ALTER TABLE "runtime_switches"
  ADD CHECK ("on_timeout" IN ('TERMINATE', 'CONTINUE', 'ESCALATE')),
  ADD CHECK (("kind" = 'pause') OR ("sla_seconds" IS NULL AND "on_timeout" IS NULL));
ALTER TABLE "run_pauses"
  ADD CHECK ("on_timeout" IN ('TERMINATE', 'CONTINUE', 'ESCALATE')),
  ADD CHECK ("outcome" IN ('resumed', 'continued', 'terminated', 'killed'));
ALTER TABLE "switch_fan_outs" ADD CHECK ("status" IN ('queued', 'running', 'completed', 'superseded'));
-- A run waits at one pause at a time.
CREATE UNIQUE INDEX "run_pauses_open" ON "run_pauses" ("run_id") WHERE "outcome" IS NULL;

DO $$
DECLARE target text;
BEGIN
  FOREACH target IN ARRAY ARRAY['run_pauses', 'switch_fan_outs', 'switch_fan_out_targets'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', target);
    EXECUTE format('CREATE POLICY tenant_rows ON %I USING ("tenant_id" = (SELECT aos_tenant()))', target);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO aos_app', target);
    EXECUTE format('GRANT SELECT ON %I TO aos_system, aos_auditor', target);
  END LOOP;
END $$;

-- The operator sees whose runs wait at a pause of his.
CREATE POLICY platform_reads ON "run_pauses" FOR SELECT USING ((SELECT aos_tenant()) = 'platform');

-- A switch counts for its own tenant, or for all where it has none: a capability, a server or a run of the same name
-- may exist in several.
CREATE OR REPLACE FUNCTION aos_fence(p_types text[], p_ids text[])
RETURNS TABLE (switch_id text, kind text, scope_type text, scope_id text, owner text, enabled boolean, epoch bigint)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(20302, hashtext(s.type || ':' || s.id))
    FROM (SELECT * FROM unnest(p_types, p_ids) AS u (type, id) ORDER BY u.type, u.id) s;
  RETURN QUERY
    SELECT r.switch_id::text, r.kind::text, r.scope_type::text, coalesce(r.scope_id, '')::text, r.owner::text,
      r.enabled, r.epoch
    FROM runtime_switches r
    JOIN unnest(p_types, p_ids) AS u (type, id) ON r.scope_type = u.type AND coalesce(r.scope_id, '') = u.id
    WHERE r.tenant_id IS NULL OR r.tenant_id = (SELECT aos_tenant());
END $$;
