-- One plane as its page shows it, in one round trip. The tenant is bound first and for this statement alone; row-level
-- security decides what is seen, as in every read. Names are those of the application, so that nothing is renamed there.
CREATE FUNCTION aos_read_plane(p_tenant text, p_plane text)
RETURNS TABLE (plane json, sources json, bindings json, rate json)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM set_config('aos.tenant', p_tenant, true);
  RETURN QUERY
    SELECT json_build_object('planeId', p.plane_id, 'tenantId', p.tenant_id, 'name', p.name,
        'description', p.description, 'planeType', p.plane_type, 'status', p.status,
        'sensitivityLevel', p.sensitivity_level, 'piiDetected', p.pii_detected, 'documentCount', p.document_count,
        'nodeCount', p.node_count, 'totalBytes', p.total_bytes, 'activeJobId', p.active_job_id,
        'nextAction', p.next_action, 'statusReason', p.status_reason, 'embeddingModel', p.embedding_model,
        'endpoint', p.endpoint, 'onboard', p.onboard, 'unreadableTolerance', p.unreadable_tolerance,
        'createdBy', p.created_by, 'createdAt', p.created_at, 'updatedAt', p.updated_at),
      coalesce((SELECT json_agg(json_build_object('sourceId', s.source_id, 'sourceType', s.source_type, 'name', s.name,
          'config', s.config, 'status', s.status, 'lastIngestedAt', s.last_ingested_at, 'lastError', s.last_error,
          'documentCount', (SELECT count(*) FROM knowledge_documents d WHERE d.plane_id = p_plane
            AND d.source_id = s.source_id AND d.status IN ('pending', 'stored', 'indexed'))) ORDER BY s.position)
        FROM knowledge_sources s WHERE s.plane_id = p_plane), '[]'),
      coalesce((SELECT json_agg(json_build_object('planeId', b.plane_id, 'policyId', b.policy_id,
          'counts', o.status = 'ACTIVE' AND o.enforcement_mode <> 'DISABLED') ORDER BY b.bound_at, b.policy_id)
        FROM plane_policy_bindings b JOIN policies o ON o.policy_id = b.policy_id
        WHERE b.plane_id = p_plane AND b.unbound_at IS NULL), '[]'),
      (SELECT json_build_object('requests', l.requests, 'seconds', l.seconds)
        FROM rate_limits l WHERE l.subject_type = 'plane' AND l.subject_id = p_plane)
    FROM knowledge_planes p WHERE p.tenant_id = p_tenant AND p.plane_id = p_plane;
END $$;
REVOKE EXECUTE ON FUNCTION aos_read_plane(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION aos_read_plane(text, text) TO aos_app;

-- The door for several requests of one key at once, with what each alone would have got: tokens are taken one after the
-- other, and those for whom none is left are refused. None wanted is for requests that no limit holds back.
DROP FUNCTION aos_admit(bytea, boolean, int, int, int, int, timestamptz);
CREATE FUNCTION aos_admit(p_key_hash bytea, p_wanted int, p_key_requests int, p_key_seconds int,
  p_tenant_requests int, p_tenant_seconds int, p_now timestamptz)
RETURNS TABLE (key_id text, tenant_id text, tenant_status text, roles text[],
  tenant_requests int, tenant_seconds int, tenant_tokens float8,
  key_requests int, key_seconds int, key_tokens float8, admitted int, report_due boolean)
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
  admitted := 0;
  report_due := false;
  IF p_wanted > 0 THEN
    t := aos_lock_bucket(tenant_id, 'tenant', tenant_id, tenant_requests, tenant_seconds, p_now);
    k := aos_lock_bucket(tenant_id, 'key', key_id, key_requests, key_seconds, p_now);
    admitted := least(p_wanted, floor(t.tokens), floor(k.tokens));
    tenant_tokens := t.tokens - admitted;
    key_tokens := k.tokens - admitted;
    IF admitted > 0 THEN
      PERFORM aos_fill_bucket(tenant_id, 'tenant', tenant_id, tenant_tokens, t.at);
      PERFORM aos_fill_bucket(tenant_id, 'key', key_id, key_tokens, k.at);
    END IF;
    IF admitted < p_wanted THEN
      SELECT bool_or(aos_count_refusal(tenant_id, key_id, p_now)) INTO report_due
        FROM generate_series(1, p_wanted - admitted);
    END IF;
  END IF;
  RETURN NEXT;
END $$;
REVOKE EXECUTE ON FUNCTION aos_admit(bytea, int, int, int, int, int, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION aos_admit(bytea, int, int, int, int, int, timestamptz) TO aos_app;
