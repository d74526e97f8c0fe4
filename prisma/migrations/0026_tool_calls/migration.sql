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
  server_tokens float8;
  server_at timestamptz;
  tool_tokens float8;
  tool_at timestamptz;
BEGIN
  IF p_server_requests IS NOT NULL THEN
    SELECT b.tokens, b.at INTO server_tokens, server_at
      FROM aos_lock_bucket(p_tenant, 'server', p_server, p_server_requests, p_server_seconds, p_now) b;
  END IF;
  SELECT b.tokens, b.at INTO tool_tokens, tool_at
    FROM aos_lock_bucket(p_tenant, 'tool', p_tool, p_tool_requests, p_tool_seconds, p_now) b;
  IF tool_tokens < 1 THEN
    RETURN QUERY SELECT 'tool', p_tool_requests, p_tool_seconds, tool_tokens;
  END IF;
  IF server_tokens < 1 THEN
    RETURN QUERY SELECT 'server', p_server_requests, p_server_seconds, server_tokens;
  END IF;
  IF tool_tokens >= 1 AND coalesce(server_tokens, 1) >= 1 THEN
    PERFORM aos_fill_bucket(p_tenant, 'tool', p_tool, tool_tokens - 1, tool_at);
    PERFORM aos_fill_bucket(p_tenant, 'server', p_server, server_tokens - 1, server_at)
      WHERE server_tokens IS NOT NULL;
  END IF;
END $$;
