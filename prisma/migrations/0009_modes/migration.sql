-- CreateTable
CREATE TABLE "tenant_operation_modes" (
    "tenant_id" VARCHAR(64) NOT NULL,
    "operation" VARCHAR(128) NOT NULL,
    "mode" VARCHAR(16) NOT NULL,
    "reason" VARCHAR(1000) NOT NULL,
    "set_by" VARCHAR(128) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "tenant_operation_modes_pkey" PRIMARY KEY ("tenant_id", "operation")
);

ALTER TABLE "tenant_operation_modes" ADD CHECK ("mode" IN ('MONITOR', 'ENFORCE', 'STRICT'));
ALTER TABLE "tenant_operation_modes" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
-- A tenant's transaction reads its modes; only the operator writes them.
CREATE POLICY tenant_reads ON "tenant_operation_modes" FOR SELECT USING ("tenant_id" = (SELECT aos_tenant()));
CREATE POLICY platform_rows ON "tenant_operation_modes" USING ((SELECT aos_tenant()) = 'platform');
GRANT SELECT, INSERT, UPDATE, DELETE ON "tenant_operation_modes" TO aos_app;
GRANT SELECT ON "tenant_operation_modes" TO aos_system;

-- As before, for one operation: its own mode before the tenant's, and the ceiling of an actor that has one.
CREATE FUNCTION aos_begin(p_tenant text, p_actor text, p_key text, p_timeout_ms int, p_operation text)
RETURNS TABLE (roles text[], ceiling text[], tenant_status text, enforcement_mode text, isolation text)
LANGUAGE plpgsql VOLATILE AS $$
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
      aos_ceiling(p_tenant, p_actor),
      t.status::text,
      coalesce((SELECT m.mode FROM tenant_operation_modes m
        WHERE m.tenant_id = p_tenant AND m.operation = p_operation), t.enforcement_mode)::text,
      current_setting('transaction_isolation')
    FROM tenants t WHERE t.tenant_id = p_tenant;
END $$;

-- Callers that do not name their operation get the tenant's mode, and nothing where a ceiling must be asked.
CREATE OR REPLACE FUNCTION aos_begin(p_tenant text, p_actor text, p_key text, p_timeout_ms int)
RETURNS TABLE (roles text[], tenant_status text, enforcement_mode text, isolation text) LANGUAGE sql VOLATILE AS $$
  SELECT CASE WHEN b.ceiling IS NULL THEN b.roles ELSE '{}'::text[] END, b.tenant_status, b.enforcement_mode, b.isolation
  FROM aos_begin(p_tenant, p_actor, p_key, p_timeout_ms, '') b
$$;
