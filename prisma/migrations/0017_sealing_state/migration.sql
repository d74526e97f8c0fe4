-- The mark is read before the events, so that they are found by the index on their transaction ids. Joined, the planner went
-- through the whole table, and this is asked at every look at the metrics.
CREATE OR REPLACE FUNCTION aos_sealing_state(p_count_max int)
RETURNS TABLE (unsealed int, lag_seconds float8, halted int, trouble text, blocked_by jsonb)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off
SET enable_bitmapscan = off AS $$
#variable_conflict use_column
DECLARE
  v_xmin xid8 := pg_snapshot_xmin(pg_current_snapshot());
  v_sealing audit_sealing;
  v_newest_xact xid8;
BEGIN
  SELECT * INTO v_sealing FROM audit_sealing;
  SELECT count(*)::int, coalesce(extract(epoch FROM clock_timestamp() - min(w.recorded_at)), 0)::float8, max(w.xact_id)
    INTO unsealed, lag_seconds, v_newest_xact
    FROM (SELECT e.recorded_at, e.xact_id
      FROM audit_events e LEFT JOIN audit_tree_heads h ON h.tenant_id = e.tenant_id
      WHERE e.xact_id >= v_sealing.mark_xact AND e.ordinal > v_sealing.floor_ordinal
        AND (h.tenant_id IS NULL OR (e.xact_id, e.ordinal) > (h.last_xact, h.last_ordinal))
      ORDER BY e.xact_id LIMIT p_count_max) w;
  SELECT count(*)::int INTO halted FROM audit_tree_heads h WHERE h.halted_at IS NOT NULL;
  trouble := v_sealing.trouble;
  IF v_newest_xact >= v_xmin THEN
    SELECT jsonb_build_object('pid', l.pid, 'application_name', a.application_name, 'user', a.usename,
        'state', a.state, 'age_seconds', extract(epoch FROM clock_timestamp() - a.xact_start)::float8)
      INTO blocked_by
      FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
      WHERE l.locktype = 'transactionid' AND l.granted AND l.mode = 'ExclusiveLock' AND l.transactionid = v_xmin::xid
      LIMIT 1;
  END IF;
  RETURN NEXT;
END $$;
