-- Looks at what a server offers go when their time is over; what they found is told by their audit events.
CREATE INDEX "mcp_discoveries_ended_at_idx" ON "mcp_discoveries"("ended_at");
GRANT DELETE ON "mcp_discoveries" TO aos_system;
