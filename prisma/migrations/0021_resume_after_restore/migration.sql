-- A tree that was halted when the database was restored has stayed in its epoch: its last transaction id may be that of
-- another server, so everything is looked through, and what it held without leaves at the restore is found by their absence.
CREATE OR REPLACE FUNCTION aos_resume_sealing(p_tenant text) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  UPDATE audit_tree_heads SET halted_at = NULL, halted_reason = NULL WHERE tenant_id = p_tenant;
  UPDATE audit_sealing s SET mark_set_back = s.mark_set_back + 1, leftover = true,
    mark_xact = CASE WHEN h.epoch < s.epoch THEN '0' ELSE least(s.mark_xact, h.last_xact) END
    FROM audit_tree_heads h WHERE h.tenant_id = p_tenant;
END $$;
