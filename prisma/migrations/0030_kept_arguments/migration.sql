-- Arguments that stay with a call after its end, until their time is over.
CREATE INDEX "mcp_tool_calls_kept" ON "mcp_tool_calls"("settled_at") WHERE "settled_at" IS NOT NULL AND "input" IS NOT NULL;
GRANT UPDATE ("input") ON "mcp_tool_calls" TO aos_system;
