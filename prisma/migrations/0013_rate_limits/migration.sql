-- CreateTable
CREATE TABLE "rate_limits" (
    "subject_type" VARCHAR(16) NOT NULL,
    "subject_id" VARCHAR(128) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "requests" INTEGER NOT NULL,
    "seconds" INTEGER NOT NULL,
    "reason" VARCHAR(1000) NOT NULL,
    "set_by" VARCHAR(128) NOT NULL,
    "set_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "rate_limits_pkey" PRIMARY KEY ("subject_type","subject_id")
);

-- CreateTable
-- Not logged: a bucket is touched by every request, and after a crash of the server a full one does little harm.
CREATE UNLOGGED TABLE "rate_limit_buckets" (
    "tenant_id" VARCHAR(64) NOT NULL,
    "subject_type" VARCHAR(16) NOT NULL,
    "subject_id" VARCHAR(128) NOT NULL,
    "tokens" DOUBLE PRECISION NOT NULL,
    "refilled_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "rate_limit_buckets_pkey" PRIMARY KEY ("tenant_id","subject_type","subject_id")
);

-- CreateTable
CREATE UNLOGGED TABLE "rate_limit_refusals" (
    "tenant_id" VARCHAR(64) NOT NULL,
    "subject_id" VARCHAR(128) NOT NULL,
    "refused" BIGINT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "reported_at" TIMESTAMPTZ(3),

    CONSTRAINT "rate_limit_refusals_pkey" PRIMARY KEY ("tenant_id","subject_id")
);

-- CreateIndex
CREATE INDEX "rate_limit_refusals_reported_at_idx" ON "rate_limit_refusals"("reported_at");

ALTER TABLE "rate_limits"
  ADD CHECK ("subject_type" IN ('tenant', 'key', 'plane')),
  ADD CHECK ("requests" BETWEEN 1 AND 1000000000),
  ADD CHECK ("seconds" BETWEEN 1 AND 86400);
ALTER TABLE "rate_limit_buckets" ADD CHECK ("subject_type" IN ('tenant', 'key', 'plane', 'address'));
-- Rows are updated in place again and again; free room keeps the new versions on their page.
ALTER TABLE "rate_limit_buckets" SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE "rate_limit_refusals" SET (fillfactor = 50);

DO $$
DECLARE target text;
BEGIN
  FOREACH target IN ARRAY ARRAY['rate_limits', 'rate_limit_buckets', 'rate_limit_refusals'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', target);
    EXECUTE format('CREATE POLICY tenant_rows ON %I USING ("tenant_id" = (SELECT aos_tenant()))', target);
    EXECUTE format('REVOKE ALL ON %I FROM PUBLIC', target);
    EXECUTE format('GRANT SELECT ON %I TO aos_app, aos_system', target);
  END LOOP;
END $$;
-- A tenant sees its own limits and sets none. Reading an override is all that row-level security leaves to it.
DROP POLICY tenant_rows ON "rate_limits";
CREATE POLICY tenant_reads ON "rate_limits" FOR SELECT USING ("tenant_id" = (SELECT aos_tenant()));
CREATE POLICY platform_rows ON "rate_limits" USING ((SELECT aos_tenant()) = 'platform');
GRANT INSERT, UPDATE, DELETE ON "rate_limits" TO aos_app;
GRANT INSERT, UPDATE ON "rate_limit_buckets", "rate_limit_refusals" TO aos_app;
GRANT DELETE ON "rate_limit_buckets", "rate_limit_refusals" TO aos_system;

-- Locks a bucket, making a full one where there is none. VOLATILE under READ COMMITTED: what is read is what the last
-- holder of the lock committed.
CREATE FUNCTION aos_lock_bucket(p_tenant text, p_type text, p_id text, p_requests int, p_seconds int, p_now timestamptz,
  OUT tokens float8, OUT at timestamptz) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  last_tokens float8;
  last_at timestamptz;
BEGIN
  LOOP
    SELECT b.tokens, b.refilled_at INTO last_tokens, last_at FROM rate_limit_buckets b
      WHERE b.tenant_id = p_tenant AND b.subject_type = p_type AND b.subject_id = p_id FOR UPDATE;
    EXIT WHEN FOUND;
    INSERT INTO rate_limit_buckets (tenant_id, subject_type, subject_id, tokens, refilled_at)
      VALUES (p_tenant, p_type, p_id, p_requests, coalesce(p_now, clock_timestamp())) ON CONFLICT DO NOTHING;
  END LOOP;
  -- Read after the lock was waited for. A clock that went back refills nothing and takes nothing away.
  at := coalesce(p_now, clock_timestamp());
  tokens := least(p_requests, last_tokens + greatest(0, extract(epoch FROM at - last_at)) * p_requests / p_seconds);
END $$;

CREATE FUNCTION aos_fill_bucket(p_tenant text, p_type text, p_id text, p_tokens float8, p_at timestamptz)
RETURNS void LANGUAGE sql VOLATILE AS $$
  UPDATE rate_limit_buckets SET tokens = p_tokens, refilled_at = p_at
    WHERE tenant_id = p_tenant AND subject_type = p_type AND subject_id = p_id
$$;

-- Counts a refused request; true when a report of the count is due, which is at most once a minute.
CREATE FUNCTION aos_count_refusal(p_tenant text, p_subject text, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  moment timestamptz := coalesce(p_now, clock_timestamp());
  due boolean;
BEGIN
  INSERT INTO rate_limit_refusals AS r (tenant_id, subject_id, refused, since) VALUES (p_tenant, p_subject, 1, moment)
    ON CONFLICT (tenant_id, subject_id) DO UPDATE
      SET refused = r.refused + 1, since = CASE WHEN r.refused = 0 THEN moment ELSE r.since END
    RETURNING r.reported_at IS NULL OR r.reported_at <= moment - interval '1 minute' INTO due;
  RETURN due;
END $$;

-- The door in one round trip: who is behind the key, and one token from the bucket of the tenant and from that of the
-- key, from both or from neither. The tenant's bucket is locked first by everybody.
CREATE FUNCTION aos_admit(p_key_hash bytea, p_limited boolean, p_key_requests int, p_key_seconds int,
  p_tenant_requests int, p_tenant_seconds int, p_now timestamptz)
RETURNS TABLE (key_id text, tenant_id text, tenant_status text, roles text[],
  tenant_requests int, tenant_seconds int, tenant_tokens float8,
  key_requests int, key_seconds int, key_tokens float8, admitted boolean, report_due boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  t record;
  k record;
BEGIN
  SELECT a.key_id, a.tenant_id, a.tenant_status, a.roles,
    coalesce(tl.requests, p_tenant_requests), coalesce(tl.seconds, p_tenant_seconds),
    coalesce(kl.requests, p_key_requests), coalesce(kl.seconds, p_key_seconds)
    INTO key_id, tenant_id, tenant_status, roles, tenant_requests, tenant_seconds, key_requests, key_seconds
    FROM (
      SELECT k.key_id::text, k.tenant_id::text, t.status::text AS tenant_status,
        coalesce((SELECT array_agg(g.role::text ORDER BY g.role) FROM iam_grants g
          WHERE g.tenant_id = k.tenant_id AND g.identity = k.key_id AND g.revoked_at IS NULL), '{}') AS roles
      FROM api_keys k JOIN tenants t ON t.tenant_id = k.tenant_id
      WHERE k.key_hash = p_key_hash AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
    ) a
    LEFT JOIN rate_limits tl ON tl.subject_type = 'tenant' AND tl.subject_id = a.tenant_id
    LEFT JOIN rate_limits kl ON kl.subject_type = 'key' AND kl.subject_id = a.key_id;
  IF NOT FOUND THEN RETURN; END IF;
  admitted := true;
  report_due := false;
  IF p_limited THEN
    t := aos_lock_bucket(tenant_id, 'tenant', tenant_id, tenant_requests, tenant_seconds, p_now);
    k := aos_lock_bucket(tenant_id, 'key', key_id, key_requests, key_seconds, p_now);
    tenant_tokens := t.tokens;
    key_tokens := k.tokens;
    admitted := tenant_tokens >= 1 AND key_tokens >= 1;
    IF admitted THEN
      tenant_tokens := tenant_tokens - 1;
      key_tokens := key_tokens - 1;
      PERFORM aos_fill_bucket(tenant_id, 'tenant', tenant_id, tenant_tokens, t.at);
      PERFORM aos_fill_bucket(tenant_id, 'key', key_id, key_tokens, k.at);
    ELSE
      report_due := aos_count_refusal(tenant_id, key_id, p_now);
    END IF;
  END IF;
  RETURN NEXT;
END $$;
REVOKE EXECUTE ON FUNCTION aos_admit(bytea, boolean, int, int, int, int, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION aos_admit(bytea, boolean, int, int, int, int, timestamptz) TO aos_app;

-- A caller without a valid key: may this refusal have an event of its own? Else it is counted. The bucket for all
-- addresses comes first, so that a flood from many addresses makes no row for each.
CREATE FUNCTION aos_admit_stranger(p_address text, p_address_requests int, p_all_requests int, p_seconds int,
  p_now timestamptz) RETURNS TABLE (recorded boolean, report_due boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  everybody record;
  one record;
BEGIN
  everybody := aos_lock_bucket('platform', 'address', '*', p_all_requests, p_seconds, p_now);
  recorded := everybody.tokens >= 1;
  IF recorded THEN
    one := aos_lock_bucket('platform', 'address', p_address, p_address_requests, p_seconds, p_now);
    recorded := one.tokens >= 1;
  END IF;
  IF recorded THEN
    PERFORM aos_fill_bucket('platform', 'address', '*', everybody.tokens - 1, everybody.at);
    PERFORM aos_fill_bucket('platform', 'address', p_address, one.tokens - 1, one.at);
  END IF;
  report_due := NOT recorded AND aos_count_refusal('platform', 'anonymous', p_now);
  RETURN NEXT;
END $$;
REVOKE EXECUTE ON FUNCTION aos_admit_stranger(text, int, int, int, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION aos_admit_stranger(text, int, int, int, timestamptz) TO aos_app;

-- One question to a plane, in the caller's transaction: what was taken comes back when it does not commit.
CREATE FUNCTION aos_take_plane_token(p_tenant text, p_plane text, p_requests int, p_seconds int, p_now timestamptz)
RETURNS TABLE (requests int, seconds int, tokens float8, admitted boolean) LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE bucket record;
BEGIN
  SELECT l.requests, l.seconds INTO requests, seconds FROM rate_limits l
    WHERE l.subject_type = 'plane' AND l.subject_id = p_plane;
  requests := coalesce(requests, p_requests);
  seconds := coalesce(seconds, p_seconds);
  bucket := aos_lock_bucket(p_tenant, 'plane', p_plane, requests, seconds, p_now);
  admitted := bucket.tokens >= 1;
  tokens := CASE WHEN admitted THEN bucket.tokens - 1 ELSE bucket.tokens END;
  IF admitted THEN PERFORM aos_fill_bucket(p_tenant, 'plane', p_plane, tokens, bucket.at); END IF;
  RETURN NEXT;
END $$;
