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
