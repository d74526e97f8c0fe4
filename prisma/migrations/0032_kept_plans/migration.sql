-- Functions in SQL that cannot be inlined are parsed and planned anew in each statement that calls them; in PL/pgSQL the
-- plan is kept with the connection. The first of these is asked at the beginning of every operation, the second at the
-- door and for every call, the third for every scope of the fence. What they say is as before.
CREATE OR REPLACE FUNCTION aos_ceiling(p_tenant text, p_actor text) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF p_actor LIKE 'schedule:%' THEN
    RETURN coalesce((
      SELECT array_agg(g.role::text)
      FROM plane_schedules s
      JOIN api_keys k ON k.key_id = s.creator_key_id AND k.tenant_id = s.tenant_id AND k.revoked_at IS NULL
        AND (k.expires_at IS NULL OR k.expires_at > now())
      JOIN iam_grants g ON g.tenant_id = s.tenant_id AND g.identity = k.key_id AND g.revoked_at IS NULL
      WHERE s.tenant_id = p_tenant AND s.schedule_id = substr(p_actor, 10) AND s.deleted_at IS NULL), '{}'::text[]);
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION aos_fill_bucket(p_tenant text, p_type text, p_id text, p_tokens float8, p_at timestamptz)
RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  UPDATE rate_limit_buckets SET tokens = p_tokens, refilled_at = p_at
    WHERE tenant_id = p_tenant AND subject_type = p_type AND subject_id = p_id;
END $$;

-- The same keys. `concat_ws` is not immutable, so an immutable function with it in its body was never inlined.
CREATE OR REPLACE FUNCTION aos_fence_key(p_type text, p_id text, p_tenant text) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT hashtextextended('aos fence' || coalesce(chr(31) || p_type, '') || coalesce(chr(31) || p_id, '')
    || coalesce(chr(31) || p_tenant, ''), 20302)
$$;
-- Nobody calls these any more: the door takes tokens, and whoever begins an operation names it.
DROP FUNCTION aos_authenticate(bytea);
DROP FUNCTION aos_begin(text, text, text, int);
