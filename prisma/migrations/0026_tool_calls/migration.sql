ALTER TABLE "mcp_tool_calls" ADD COLUMN "output" BYTEA;
ALTER TABLE "mcp_tool_calls" ADD COLUMN "reason" VARCHAR(64);
ALTER TABLE "mcp_tool_calls" ADD COLUMN "message" VARCHAR(1000);
ALTER TABLE "mcp_tool_calls" ADD COLUMN "run_id" VARCHAR(100);
ALTER TABLE "mcp_tool_calls" ADD COLUMN "intent_id" VARCHAR(64);
ALTER TABLE "mcp_tool_calls" ADD COLUMN "seen_epochs" JSONB NOT NULL DEFAULT '{}';

CREATE INDEX "mcp_tool_calls_tenant_id_server_id_requested_at_idx" ON "mcp_tool_calls"("tenant_id", "server_id", "requested_at");

ALTER TABLE "rate_limit_buckets" DROP CONSTRAINT "rate_limit_buckets_subject_type_check";
ALTER TABLE "rate_limit_buckets"
  ADD CONSTRAINT "rate_limit_buckets_subject_type_check"
  CHECK ("subject_type" IN ('tenant', 'key', 'plane', 'address', 'tool', 'server'));

-- One call of a tool, in the caller's transaction: what was taken comes back when it does not commit. The server's
-- bucket first, so that two tools of one server lock in the same order; a server without a limit has none.
CREATE FUNCTION aos_take_tool_token(p_tenant text, p_server text, p_server_requests int, p_server_seconds int,
  p_tool text, p_tool_requests int, p_tool_seconds int, p_now timestamptz)
RETURNS TABLE (subject text, requests int, seconds int, tokens float8) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  of_server record;
  of_tool record;
BEGIN
  IF p_server_requests IS NOT NULL THEN
    of_server := aos_lock_bucket(p_tenant, 'server', p_server, p_server_requests, p_server_seconds, p_now);
  END IF;
  of_tool := aos_lock_bucket(p_tenant, 'tool', p_tool, p_tool_requests, p_tool_seconds, p_now);
  IF of_tool.tokens < 1 THEN
    RETURN QUERY SELECT 'tool', p_tool_requests, p_tool_seconds, of_tool.tokens;
  END IF;
  IF p_server_requests IS NOT NULL AND of_server.tokens < 1 THEN
    RETURN QUERY SELECT 'server', p_server_requests, p_server_seconds, of_server.tokens;
  END IF;
  IF of_tool.tokens >= 1 AND (p_server_requests IS NULL OR of_server.tokens >= 1) THEN
    PERFORM aos_fill_bucket(p_tenant, 'tool', p_tool, of_tool.tokens - 1, of_tool.at);
    IF p_server_requests IS NOT NULL THEN
      PERFORM aos_fill_bucket(p_tenant, 'server', p_server, of_server.tokens - 1, of_server.at);
    END IF;
  END IF;
END $$;
