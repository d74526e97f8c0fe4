-- Roles. The migrate step gives aos_app and aos_system a login; API and worker never hold the owner's.
-- Roles belong to the whole server, so another database may have made them; then no right to make roles is needed.
DO $$
DECLARE wanted record;
BEGIN
  FOR wanted IN VALUES ('aos_app', 'NOLOGIN'), ('aos_system', 'NOLOGIN BYPASSRLS'), ('aos_auditor', 'NOLOGIN') LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.column1) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I %s', wanted.column1, wanted.column2);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
      END;
    END IF;
  END LOOP;
END $$;

-- Closed sets are checked where the rows are.
ALTER TABLE "tenants"
  ADD CHECK ("status" IN ('active', 'suspended')),
  ADD CHECK ("enforcement_mode" IN ('MONITOR', 'ENFORCE', 'STRICT'));
ALTER TABLE "iam_grants"
  ADD CHECK ("role" IN ('operator', 'admin', 'developer', 'viewer', 'agent', 'auditor', 'system'));
ALTER TABLE "idempotency_records" ADD CHECK ("state" IN ('processing', 'completed', 'permanently_failed'));
ALTER TABLE "audit_events"
  ADD CHECK ("event_category" IN ('governance', 'security', 'lifecycle', 'execution', 'configuration')),
  ADD CHECK ("severity" IN ('debug', 'info', 'warn', 'error', 'critical')),
  ADD CHECK ("actor_type" IN ('human', 'machine', 'system')),
  ADD CHECK ("outcome" IN ('success', 'failure', 'blocked', 'skipped', 'pending', 'unknown', 'killed'));
ALTER TABLE "effect_outcomes" ADD CHECK ("outcome" IN ('succeeded', 'failed', 'unknown', 'refused', 'killed'));
ALTER TABLE "runtime_switches"
  ADD CHECK ("kind" IN ('kill', 'stop', 'pause', 'degraded')),
  ADD CHECK ("scope_type" IN ('global', 'tenant', 'capability', 'plane', 'server', 'run', 'integration')),
  ADD CHECK ("owner" IN ('tenant', 'operator')),
  ADD CHECK (("scope_type" = 'global') = ("scope_id" IS NULL)),
  ADD CHECK ("scope_type" <> 'global' OR ("tenant_id" IS NULL AND "owner" = 'operator'));
ALTER TABLE "knowledge_planes"
  ADD CHECK ("plane_type" IN ('private', 'public')),
  ADD CHECK ("default_policy" IN ('ALLOW', 'DENY')),
  ADD CHECK ("unreadable_tolerance" BETWEEN 0 AND 1),
  ADD CHECK ("sensitivity_level" IN ('public', 'internal', 'confidential', 'restricted')),
  ADD CONSTRAINT "knowledge_planes_state_check" CHECK (
    ("status", "lifecycle_state_value") IN (
      ('draft', 100), ('pending_verify', 110), ('verified', 120), ('ingesting', 130), ('indexed', 140),
      ('classified', 150), ('pending_activate', 160), ('active', 200), ('pending_deactivate', 300),
      ('deactivated', 310), ('archived', 320), ('purged', 400), ('failed', 500)
    )
  );
ALTER TABLE "knowledge_sources"
  ADD CHECK ("source_type" IN ('http', 'sql', 'file', 'upload', 'vector', 'manual', 's3', 'gcs')),
  ADD CHECK ("status" IN ('pending', 'ingesting', 'ingested', 'error', 'disabled')),
  ADD CONSTRAINT "knowledge_sources_plane_id_fkey" FOREIGN KEY ("plane_id") REFERENCES "knowledge_planes" ("plane_id");
ALTER TABLE "knowledge_documents"
  ADD CHECK ("status" IN ('pending', 'stored', 'indexed', 'dead_letter', 'deleted')),
  ADD CONSTRAINT "knowledge_documents_plane_id_fkey" FOREIGN KEY ("plane_id") REFERENCES "knowledge_planes" ("plane_id"),
  ADD CONSTRAINT "knowledge_documents_source_id_fkey" FOREIGN KEY ("source_id") REFERENCES "knowledge_sources" ("source_id");
ALTER TABLE "knowledge_index_runs"
  ADD CHECK ("status" IN ('running', 'committed', 'dead')),
  ADD CONSTRAINT "knowledge_index_runs_plane_id_fkey" FOREIGN KEY ("plane_id") REFERENCES "knowledge_planes" ("plane_id");
ALTER TABLE "knowledge_jobs"
  ADD CHECK ("status" IN ('queued', 'running', 'completed', 'failed', 'killed', 'cancelled')),
  ADD CHECK ("kind" IN
    ('verify_connectivity', 'ingest_data', 'index_data', 'classify_data', 'activate_plane', 'sync_documents')),
  ADD CONSTRAINT "knowledge_jobs_plane_id_fkey" FOREIGN KEY ("plane_id") REFERENCES "knowledge_planes" ("plane_id");
ALTER TABLE "plane_stage_progress" ADD CHECK ("status" IN
  ('not_started', 'queued', 'running', 'completed', 'failed', 'skipped', 'recovering'));
ALTER TABLE "policies"
  ADD CHECK ("enforcement_mode" IN ('BLOCK', 'WARN', 'AUDIT', 'DISABLED')),
  ADD CHECK ("status" IN ('DRAFT', 'ACTIVE', 'SUSPENDED', 'RETIRED')),
  ADD CHECK ("source" IN ('MANUAL', 'SYSTEM', 'LEARNED'));
ALTER TABLE "plane_policy_bindings"
  ADD CONSTRAINT "plane_policy_bindings_plane_id_fkey" FOREIGN KEY ("plane_id") REFERENCES "knowledge_planes" ("plane_id"),
  ADD CONSTRAINT "plane_policy_bindings_policy_id_fkey" FOREIGN KEY ("policy_id") REFERENCES "policies" ("policy_id");
ALTER TABLE "policy_snapshots" ADD CONSTRAINT "policy_snapshots_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants" ("tenant_id");
ALTER TABLE "policy_snapshot_status" ADD CHECK ("status" IN ('active', 'superseded', 'archived', 'invalid'));
ALTER TABLE "retrieval_evidence" ADD CHECK ("decision" IN ('allowed', 'denied'));

-- At most one: job at work on a plane, open binding per pair, active snapshot per tenant, first outcome per intent.
CREATE UNIQUE INDEX "knowledge_jobs_one_open" ON "knowledge_jobs" ("plane_id") WHERE "status" IN ('queued', 'running');
CREATE UNIQUE INDEX "plane_policy_bindings_open" ON "plane_policy_bindings" ("plane_id", "policy_id")
  WHERE "unbound_at" IS NULL;
CREATE UNIQUE INDEX "policy_snapshot_status_active" ON "policy_snapshot_status" ("tenant_id") WHERE "status" = 'active';
CREATE UNIQUE INDEX "effect_outcomes_first" ON "effect_outcomes" ("intent_id") WHERE "first";
CREATE INDEX "event_outbox_waiting" ON "event_outbox" ("next_attempt_at", "id") WHERE "published_at" IS NULL;

-- Append-only tables refuse change to everybody, their owner included.
CREATE FUNCTION aos_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

DO $$
DECLARE target text;
BEGIN
  FOREACH target IN ARRAY ARRAY['audit_events', 'audit_leaves', 'effect_intents', 'effect_outcomes',
    'runtime_switch_history', 'knowledge_lifecycle_transitions', 'policy_snapshots', 'retrieval_evidence'] LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION aos_refuse_change()', target);
  END LOOP;
END $$;
-- A statement trigger does not fire for a partition that is named directly; a row trigger is copied to each.
CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON "audit_events"
  FOR EACH ROW EXECUTE FUNCTION aos_refuse_change();

CREATE SCHEMA audit_partitions;

-- Makes the partitions of this month and the next three. Definer, so that a running system can keep ahead.
CREATE FUNCTION aos_ensure_audit_partitions() RETURNS int LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  made int := 0;
  month timestamptz;
  name text;
BEGIN
  PERFORM pg_advisory_xact_lock(20303, 1);
  FOR i IN 0..3 LOOP
    month := date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + make_interval(months => i);
    name := 'audit_events_' || to_char(month AT TIME ZONE 'UTC', 'YYYY_MM');
    IF to_regclass('audit_partitions.' || name) IS NULL THEN
      EXECUTE format('CREATE TABLE audit_partitions.%I PARTITION OF public.audit_events FOR VALUES FROM (%L) TO (%L)',
        name, month, (date_trunc('month', month AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC');
      EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON audit_partitions.%I
        FOR EACH STATEMENT EXECUTE FUNCTION public.aos_refuse_change()', name);
      EXECUTE format('ALTER TABLE audit_partitions.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
      made := made + 1;
    END IF;
  END LOOP;
  RETURN made;
END $$;

GRANT USAGE ON SCHEMA audit_partitions TO aos_system;
CREATE TABLE audit_partitions.audit_events_default PARTITION OF "audit_events" DEFAULT;
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON audit_partitions.audit_events_default
  FOR EACH STATEMENT EXECUTE FUNCTION aos_refuse_change();
ALTER TABLE audit_partitions.audit_events_default ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SELECT aos_ensure_audit_partitions();

-- Row-level security. An unset or emptied setting matches nothing.
CREATE FUNCTION aos_tenant() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
  $$ SELECT nullif(current_setting('aos.tenant', true), '') $$;

DO $$
DECLARE target text;
BEGIN
  FOR target IN
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', target);
    EXECUTE format('CREATE POLICY tenant_rows ON %I USING ("tenant_id" = (SELECT aos_tenant()))', target);
  END LOOP;
END $$;
-- The operator makes tenants and their first keys, and throws switches on any scope.
CREATE POLICY platform_rows ON "tenants" USING ((SELECT aos_tenant()) = 'platform');
CREATE POLICY platform_rows ON "api_keys" USING ((SELECT aos_tenant()) = 'platform');
CREATE POLICY platform_rows ON "iam_grants" USING ((SELECT aos_tenant()) = 'platform');
CREATE POLICY platform_rows ON "runtime_switches" USING ((SELECT aos_tenant()) = 'platform');
CREATE POLICY platform_rows ON "runtime_switch_history" USING ((SELECT aos_tenant()) = 'platform');
CREATE POLICY platform_reads ON "knowledge_planes" FOR SELECT USING ((SELECT aos_tenant()) = 'platform');
CREATE POLICY global_rows ON "runtime_switches" FOR SELECT USING ("tenant_id" IS NULL AND (SELECT aos_tenant()) IS NOT NULL);

-- Grants. Nothing may be deleted or truncated by the applications except what is listed.
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO aos_app, aos_system, aos_auditor;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO aos_app, aos_system;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO aos_app;
GRANT UPDATE ON "tenants", "api_keys", "iam_grants", "idempotency_records", "runtime_switches", "knowledge_planes",
  "knowledge_sources", "knowledge_documents", "knowledge_index_runs", "knowledge_document_indexings",
  "knowledge_findings", "knowledge_jobs", "plane_stage_progress", "policies", "plane_policy_bindings",
  "policy_snapshot_status", "resource_leases" TO aos_app;
GRANT DELETE ON "idempotency_records", "knowledge_document_indexings", "knowledge_findings", "resource_leases" TO aos_app;
REVOKE INSERT ON "audit_leaves" FROM aos_app;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO aos_system;
GRANT UPDATE ON "event_outbox" TO aos_system;
GRANT DELETE ON "event_outbox", "idempotency_records" TO aos_system;
GRANT SELECT ON "audit_events", "audit_leaves", "effect_intents", "effect_outcomes", "runtime_switches",
  "runtime_switch_history", "knowledge_lifecycle_transitions", "policy_snapshots", "policy_snapshot_status",
  "retrieval_evidence" TO aos_auditor;
REVOKE EXECUTE ON FUNCTION aos_ensure_audit_partitions() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION aos_ensure_audit_partitions() TO aos_system;

-- A key is looked up before its tenant is known, so the function runs as the owner and answers for one hash only.
CREATE FUNCTION aos_authenticate(p_key_hash bytea)
RETURNS TABLE (key_id text, tenant_id text, tenant_status text, roles text[]) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
  SELECT k.key_id, k.tenant_id, t.status,
    coalesce((SELECT array_agg(g.role ORDER BY g.role) FROM iam_grants g
      WHERE g.tenant_id = k.tenant_id AND g.identity = k.key_id AND g.revoked_at IS NULL), '{}')
  FROM api_keys k JOIN tenants t ON t.tenant_id = k.tenant_id
  WHERE k.key_hash = p_key_hash AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
$$;
REVOKE EXECUTE ON FUNCTION aos_authenticate(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION aos_authenticate(bytea) TO aos_app;

-- Begins a governed transaction: binds the tenant, bounds time, and answers what the actor may do right now.
CREATE FUNCTION aos_begin(p_tenant text, p_actor text, p_key text, p_timeout_ms int)
RETURNS TABLE (roles text[], tenant_status text, enforcement_mode text, isolation text) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM set_config('aos.tenant', p_tenant, true),
    set_config('transaction_timeout', p_timeout_ms::text, true);
  RETURN QUERY
    SELECT
      CASE WHEN p_key IS NULL OR EXISTS (
        SELECT FROM api_keys k WHERE k.key_id = p_key AND k.tenant_id = p_tenant AND k.revoked_at IS NULL
          AND (k.expires_at IS NULL OR k.expires_at > now()))
      THEN coalesce((SELECT array_agg(g.role::text) FROM iam_grants g
        WHERE g.tenant_id = p_tenant AND g.identity = p_actor AND g.revoked_at IS NULL), '{}'::text[])
      ELSE '{}'::text[] END,
      t.status::text, t.enforcement_mode::text, current_setting('transaction_isolation')
    FROM tenants t WHERE t.tenant_id = p_tenant;
END $$;

-- The fence: take the shared locks, then, in a statement of its own, read the switches. VOLATILE and READ COMMITTED
-- are what makes the second statement see a throw that committed while the first one waited.
CREATE FUNCTION aos_fence(p_types text[], p_ids text[])
RETURNS TABLE (switch_id text, kind text, scope_type text, scope_id text, owner text, enabled boolean, epoch bigint)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(20302, hashtext(s.type || ':' || s.id))
    FROM (SELECT * FROM unnest(p_types, p_ids) AS u (type, id) ORDER BY u.type, u.id) s;
  RETURN QUERY
    SELECT r.switch_id::text, r.kind::text, r.scope_type::text, coalesce(r.scope_id, '')::text, r.owner::text,
      r.enabled, r.epoch
    FROM runtime_switches r
    JOIN unnest(p_types, p_ids) AS u (type, id) ON r.scope_type = u.type AND coalesce(r.scope_id, '') = u.id;
END $$;

-- The other side of the fence: returns when every transaction that could have read the scope before has ended.
CREATE FUNCTION aos_fence_barrier(p_type text, p_id text) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(20302, hashtext(p_type || ':' || p_id));
END $$;

-- Claims an idempotency key; waits for a rival's transaction for 2 s at most, as for every lock from here on.
CREATE FUNCTION aos_claim(p_tenant text, p_actor text, p_operation text, p_key text, p_digest text)
RETURNS TABLE (claimed boolean, arguments_digest text, state text, outcome text) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM set_config('lock_timeout', '2000', true);
  INSERT INTO idempotency_records (tenant_id, actor_id, operation, key, arguments_digest)
    VALUES (p_tenant, p_actor, p_operation, p_key, p_digest) ON CONFLICT DO NOTHING;
  IF FOUND THEN
    RETURN QUERY SELECT true, NULL::text, NULL::text, NULL::text;
  ELSE
    RETURN QUERY SELECT false, i.arguments_digest::text, i.state::text, i.outcome FROM idempotency_records i
      WHERE i.tenant_id = p_tenant AND i.actor_id = p_actor AND i.operation = p_operation AND i.key = p_key;
  END IF;
END $$;

-- Which of these documents may be shown, in one round trip: those whose current version an index run has committed.
CREATE FUNCTION aos_shown_documents(p_tenant text, p_plane text, p_ids text[])
RETURNS TABLE (document_id text, source_id text, source_name text, name text, indexed_version text, indexed_run_id text)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM set_config('aos.tenant', p_tenant, true);
  RETURN QUERY SELECT d.document_id::text, d.source_id::text, s.name::text, d.name::text, d.indexed_version::text,
      d.indexed_run_id::text
    FROM knowledge_documents d JOIN knowledge_sources s ON s.source_id = d.source_id
    WHERE d.plane_id = p_plane AND d.document_id = ANY (p_ids) AND d.deleted_at IS NULL AND d.indexed_version IS NOT NULL;
END $$;

INSERT INTO "tenants" ("tenant_id", "name") VALUES ('platform', 'Operator');

-- Which migrations were applied, for the readiness check. Empty where somebody applied the SQL by other means.
CREATE FUNCTION aos_applied_migrations() RETURNS TABLE (name text) LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  IF to_regclass('public._prisma_migrations') IS NOT NULL THEN
    RETURN QUERY EXECUTE
      'SELECT migration_name::text FROM public._prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL';
  END IF;
END $$;
REVOKE EXECUTE ON FUNCTION aos_applied_migrations() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION aos_applied_migrations() TO aos_app, aos_system;
