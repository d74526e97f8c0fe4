-- The locks of the fence have keys of 64 bits, and those of a tenant's own switches hold its id: with 32 bits one can find,
-- in seconds, the name of a run whose lock is that of everybody, and throws on it would hold up other tenants' writes.
CREATE FUNCTION aos_fence_key(p_type text, p_id text, p_tenant text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
  $$ SELECT hashtextextended(concat_ws(chr(31), 'aos fence', p_type, p_id, p_tenant), 20302) $$;

-- A global switch belongs to nobody, one on a capability to a tenant or to nobody, every other to a tenant.
CREATE OR REPLACE FUNCTION aos_fence(p_types text[], p_ids text[])
RETURNS TABLE (switch_id text, kind text, scope_type text, scope_id text, owner text, enabled boolean, epoch bigint)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(k.key) FROM (
    SELECT key FROM (
      SELECT aos_fence_key(u.type, u.id, NULL) AS key FROM unnest(p_types, p_ids) AS u (type, id)
        WHERE u.type IN ('global', 'capability')
      UNION
      SELECT aos_fence_key(u.type, u.id, aos_tenant()) FROM unnest(p_types, p_ids) AS u (type, id)
        WHERE u.type <> 'global') keys
    ORDER BY key) k;
  RETURN QUERY
    SELECT r.switch_id::text, r.kind::text, r.scope_type::text, coalesce(r.scope_id, '')::text, r.owner::text,
      r.enabled, r.epoch
    FROM runtime_switches r
    JOIN unnest(p_types, p_ids) AS u (type, id) ON r.scope_type = u.type AND coalesce(r.scope_id, '') = u.id
    WHERE r.tenant_id IS NULL OR r.tenant_id = (SELECT aos_tenant());
END $$;

DROP FUNCTION aos_fence_barrier(text, text);
CREATE FUNCTION aos_fence_barrier(p_type text, p_id text, p_tenant text) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(aos_fence_key(p_type, p_id, p_tenant));
END $$;
