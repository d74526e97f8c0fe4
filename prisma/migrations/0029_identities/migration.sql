-- CreateTable
CREATE TABLE "iam_identities" (
    "identity_id" VARCHAR(64) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "issuer" VARCHAR(512) NOT NULL,
    "subject" VARCHAR(255) NOT NULL,
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "blocked_at" TIMESTAMPTZ(3),
    "blocked_by" VARCHAR(128),
    "block_reason" VARCHAR(1000),

    CONSTRAINT "iam_identities_pkey" PRIMARY KEY ("identity_id")
);

-- CreateTable
CREATE TABLE "iam_identity_roles" (
    "token_grant_id" VARCHAR(64) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "identity_id" VARCHAR(64) NOT NULL,
    "roles" TEXT[],
    "valid_until" TIMESTAMPTZ(3) NOT NULL,
    "granted_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "iam_identity_roles_pkey" PRIMARY KEY ("token_grant_id")
);

-- CreateIndex
CREATE INDEX "iam_identities_tenant_id_first_seen_at_identity_id_idx" ON "iam_identities"("tenant_id", "first_seen_at", "identity_id");

-- CreateIndex
CREATE INDEX "iam_identity_roles_identity_id_idx" ON "iam_identity_roles"("identity_id");

-- AddForeignKey
ALTER TABLE "iam_identity_roles" ADD CONSTRAINT "iam_identity_roles_identity_id_fkey" FOREIGN KEY ("identity_id") REFERENCES "iam_identities"("identity_id") ON DELETE NO ACTION ON UPDATE NO ACTION;



ALTER TABLE "iam_identities"
  ADD CHECK (("blocked_at" IS NULL) = ("blocked_by" IS NULL)),
  ADD CHECK (("blocked_at" IS NULL) = ("block_reason" IS NULL));
-- As for keys: a tenant's roles in tenants, the operator's on the platform.
ALTER TABLE "iam_identity_roles"
  ADD CHECK ("roles" IS NOT NULL AND cardinality("roles") > 0),
  ADD CHECK (CASE WHEN "tenant_id" = 'platform' THEN "roles" = ARRAY['operator']
    ELSE "roles" <@ ARRAY['admin', 'developer', 'viewer', 'agent', 'auditor'] END);

DO $$
DECLARE target text;
BEGIN
  FOREACH target IN ARRAY ARRAY['iam_identities', 'iam_identity_roles'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', target);
    EXECUTE format('CREATE POLICY tenant_rows ON %I USING ("tenant_id" = (SELECT aos_tenant()))', target);
    EXECUTE format('REVOKE ALL ON %I FROM PUBLIC', target);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO aos_app', target);
    EXECUTE format('GRANT SELECT ON %I TO aos_system, aos_auditor', target);
  END LOOP;
END $$;
GRANT UPDATE ("blocked_at", "blocked_by", "block_reason") ON "iam_identities" TO aos_app;
GRANT UPDATE ("valid_until") ON "iam_identity_roles" TO aos_app;
-- The operator finds an identity whose limit it sets.
CREATE POLICY platform_reads ON "iam_identities" FOR SELECT USING ((SELECT aos_tenant()) = 'platform');

-- As before, and for an actor who came with a token: the roles that it brought, for as long as they count and nobody has
-- blocked the actor.
CREATE OR REPLACE FUNCTION aos_begin(p_tenant text, p_actor text, p_key text, p_timeout_ms int, p_operation text)
RETURNS TABLE (roles text[], ceiling text[], tenant_status text, enforcement_mode text, isolation text)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM set_config('aos.tenant', p_tenant, true),
    set_config('transaction_timeout', p_timeout_ms::text, true);
  RETURN QUERY
    SELECT
      CASE WHEN p_key LIKE 'tgr\_%' THEN coalesce((SELECT r.roles FROM iam_identity_roles r
        JOIN iam_identities i ON i.identity_id = r.identity_id AND i.tenant_id = p_tenant
        WHERE r.token_grant_id = p_key AND r.tenant_id = p_tenant AND r.identity_id = p_actor
          AND r.valid_until > now() AND i.blocked_at IS NULL), '{}'::text[])
      WHEN p_key IS NULL OR EXISTS (
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

-- The door for one who came with a token that has been verified: how the limits stand, as for a key, and what is known of
-- the roles that the token brought. No row where there is no such tenant.
CREATE FUNCTION aos_admit_identity(p_tenant text, p_identity text, p_token_grant text, p_wanted int,
  p_key_requests int, p_key_seconds int, p_tenant_requests int, p_tenant_seconds int, p_now timestamptz)
RETURNS TABLE (tenant_status text, known_until timestamptz, is_blocked boolean,
  tenant_requests int, tenant_seconds int, tenant_tokens float8,
  key_requests int, key_seconds int, key_tokens float8, admitted int, report_due boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  t record;
  k record;
BEGIN
  SELECT tt.status::text, r.valid_until, coalesce(i.blocked_at IS NOT NULL, false),
    coalesce(tl.requests, p_tenant_requests), coalesce(tl.seconds, p_tenant_seconds),
    coalesce(kl.requests, p_key_requests), coalesce(kl.seconds, p_key_seconds)
    INTO tenant_status, known_until, is_blocked, tenant_requests, tenant_seconds, key_requests, key_seconds
    FROM tenants tt
    LEFT JOIN iam_identities i ON i.identity_id = p_identity AND i.tenant_id = p_tenant
    LEFT JOIN iam_identity_roles r ON r.token_grant_id = p_token_grant AND r.identity_id = i.identity_id
    LEFT JOIN rate_limits tl ON tl.subject_type = 'tenant' AND tl.subject_id = p_tenant
    LEFT JOIN rate_limits kl ON kl.subject_type = 'key' AND kl.subject_id = p_identity
    WHERE tt.tenant_id = p_tenant;
  IF NOT FOUND THEN RETURN; END IF;
  admitted := 0;
  report_due := false;
  IF p_wanted > 0 AND NOT is_blocked THEN
    t := aos_lock_bucket(p_tenant, 'tenant', p_tenant, tenant_requests, tenant_seconds, p_now);
    k := aos_lock_bucket(p_tenant, 'key', p_identity, key_requests, key_seconds, p_now);
    admitted := least(p_wanted, floor(t.tokens), floor(k.tokens));
    tenant_tokens := t.tokens - admitted;
    key_tokens := k.tokens - admitted;
    IF admitted > 0 THEN
      PERFORM aos_fill_bucket(p_tenant, 'tenant', p_tenant, tenant_tokens, t.at);
      PERFORM aos_fill_bucket(p_tenant, 'key', p_identity, key_tokens, k.at);
    END IF;
    IF admitted < p_wanted THEN
      SELECT bool_or(aos_count_refusal(p_tenant, p_identity, p_now)) INTO report_due
        FROM generate_series(1, p_wanted - admitted);
    END IF;
  END IF;
  RETURN NEXT;
END $$;
REVOKE EXECUTE ON FUNCTION aos_admit_identity(text, text, text, int, int, int, int, int, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION aos_admit_identity(text, text, text, int, int, int, int, int, timestamptz) TO aos_app;
