-- What is followed live, in the order in which it became final: transactions by their ids, rows by their ordinals.
CREATE INDEX "audit_events_followed" ON "audit_events" ("tenant_id", "plane_id", "xact_id", "ordinal")
  WHERE "event_category" IN ('lifecycle', 'governance') AND "plane_id" IS NOT NULL;
-- The last durations of each stage, from which the time still needed is estimated.
CREATE INDEX "plane_stage_progress_durations" ON "plane_stage_progress" ("tenant_id", "stage", "completed_at")
  WHERE "status" = 'completed';

-- One look at a plane, in one round trip: its events after a position, and a mark that differs when its progress does.
-- Only events below the oldest running transaction are final: an older one may still commit, and would be passed by.
CREATE FUNCTION aos_follow_plane(p_tenant text, p_plane text, p_xact text, p_ordinal bigint, p_limit int)
RETURNS TABLE (status text, mark text, settled text, has_unsettled boolean, events jsonb)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM set_config('aos.tenant', p_tenant, true);
  RETURN QUERY
    SELECT p.status::text,
      md5(concat_ws('/', p.version, p.updated_at, p.status, coalesce(p.active_job_id, '-'), p.next_action,
        (SELECT string_agg(concat_ws('.', j.job_id, j.status, j.attempt, j.updated_at), ',' ORDER BY j.job_id)
          FROM (SELECT * FROM knowledge_jobs WHERE plane_id = p_plane ORDER BY created_at DESC LIMIT 2) j),
        (SELECT string_agg(concat_ws('.', g.job_id, g.stage, g.status, g.percentage, g.attempts, g.updated_at, g.message),
            ',' ORDER BY g.job_id, g.stage)
          FROM (SELECT * FROM plane_stage_progress WHERE plane_id = p_plane ORDER BY started_at DESC LIMIT 8) g),
        (SELECT string_agg(b.policy_id, ',' ORDER BY b.policy_id)
          FROM plane_policy_bindings b WHERE b.plane_id = p_plane AND b.unbound_at IS NULL))),
      pg_snapshot_xmin(s.now)::text,
      EXISTS (SELECT FROM audit_events a WHERE a.tenant_id = p_tenant AND a.plane_id = p_plane
        AND a.event_category IN ('lifecycle', 'governance') AND a.xact_id >= pg_snapshot_xmin(s.now)),
      coalesce((SELECT jsonb_agg(to_jsonb(e) ORDER BY e.xact_id::text::numeric, e.ordinal) FROM (
        SELECT a.xact_id, a.ordinal, a.event_id, a.event_type, a.occurred_at, a.actor_type, a.outcome, a.action,
          a.job_id, a.evidence, a.error_code, a.error_message
        FROM audit_events a
        WHERE a.tenant_id = p_tenant AND a.plane_id = p_plane AND a.event_category IN ('lifecycle', 'governance')
          AND (a.xact_id, a.ordinal) > (p_xact::xid8, p_ordinal) AND a.xact_id < pg_snapshot_xmin(s.now)
        ORDER BY a.xact_id, a.ordinal LIMIT p_limit) e), '[]'::jsonb)
    FROM knowledge_planes p, (SELECT pg_current_snapshot() AS now) s
    WHERE p.tenant_id = p_tenant AND p.plane_id = p_plane;
END $$;
REVOKE EXECUTE ON FUNCTION aos_follow_plane(text, text, text, bigint, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION aos_follow_plane(text, text, text, bigint, int) TO aos_app;
