-- What waits is read in the order of its index and no further than the batch goes. With hash joins and whole sorts at
-- hand the planner read and sorted everything that waited for each batch, so that a backlog of 30,000 events took fifteen
-- times the reading. What a restore left without leaves has a function of its own: there the planner is free.
CREATE FUNCTION aos_unsealed_leftover(p_floor bigint, p_limit int)
RETURNS TABLE (tenant_id varchar, event_id varchar, xact_id xid8, ordinal bigint, recorded_at timestamptz,
  integrity_hash varchar, leaf_hash bytea)
LANGUAGE plpgsql VOLATILE SET enable_hashjoin = on SET enable_mergejoin = on SET enable_sort = on AS $$
BEGIN
  RETURN QUERY
    SELECT e.tenant_id, e.event_id, e.xact_id, e.ordinal, e.recorded_at, e.integrity_hash, e.leaf_hash
    FROM audit_events e LEFT JOIN audit_tree_heads h ON h.tenant_id = e.tenant_id
    WHERE e.ordinal <= p_floor AND h.halted_at IS NULL
      AND NOT EXISTS (SELECT FROM audit_leaves l WHERE l.event_id = e.event_id)
    ORDER BY e.xact_id, e.ordinal LIMIT p_limit;
END $$;

CREATE OR REPLACE FUNCTION aos_unsealed(p_mark xid8, p_limit int)
RETURNS TABLE (tenant_id varchar, event_id varchar, xact_id xid8, ordinal bigint, recorded_at timestamptz,
  integrity_hash varchar, leaf_hash bytea)
LANGUAGE plpgsql VOLATILE SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off
SET enable_mergejoin = off SET enable_sort = off AS $$
DECLARE
  v_end xid8 := pg_snapshot_xmin(pg_current_snapshot());
  v_sealing audit_sealing;
BEGIN
  SELECT * INTO v_sealing FROM audit_sealing;
  IF v_sealing.leftover THEN
    RETURN QUERY SELECT * FROM aos_unsealed_leftover(v_sealing.floor_ordinal, p_limit);
  ELSE
    RETURN QUERY
      SELECT e.tenant_id, e.event_id, e.xact_id, e.ordinal, e.recorded_at, e.integrity_hash, e.leaf_hash
      FROM audit_events e LEFT JOIN audit_tree_heads h ON h.tenant_id = e.tenant_id
      WHERE e.xact_id >= p_mark AND e.xact_id < v_end AND e.ordinal > v_sealing.floor_ordinal
        AND (h.tenant_id IS NULL OR (h.halted_at IS NULL AND (e.xact_id, e.ordinal) > (h.last_xact, h.last_ordinal)))
      ORDER BY e.xact_id, e.ordinal LIMIT p_limit;
  END IF;
END $$;

REVOKE EXECUTE ON FUNCTION aos_unsealed_leftover(bigint, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION aos_unsealed_leftover(bigint, int) TO aos_system;
