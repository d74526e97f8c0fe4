-- CreateTable
CREATE TABLE "mcp_discoveries" (
    "discovery_id" VARCHAR(64) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "server_id" VARCHAR(64) NOT NULL,
    "requested_by" VARCHAR(128) NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "state" VARCHAR(16) NOT NULL DEFAULT 'pending',
    "ended_at" TIMESTAMPTZ(3),
    "result" JSONB,
    "error_code" VARCHAR(64),
    "error_message" VARCHAR(1000),

    CONSTRAINT "mcp_discoveries_pkey" PRIMARY KEY ("discovery_id")
);

-- CreateIndex
CREATE INDEX "mcp_discoveries_tenant_id_server_id_requested_at_idx" ON "mcp_discoveries"("tenant_id", "server_id", "requested_at");

-- AddForeignKey
ALTER TABLE "mcp_discoveries" ADD CONSTRAINT "mcp_discoveries_server_id_fkey" FOREIGN KEY ("server_id") REFERENCES "mcp_servers"("server_id") ON DELETE NO ACTION ON UPDATE NO ACTION;



ALTER TABLE "mcp_discoveries"
  ADD CHECK ("state" IN ('pending', 'completed', 'failed', 'killed')),
  ADD CHECK (("state" = 'pending') = ("ended_at" IS NULL)),
  ADD CHECK (("state" = 'completed') = ("result" IS NOT NULL)),
  ADD CHECK (("state" IN ('failed', 'killed')) = ("error_code" IS NOT NULL));

ALTER TABLE "mcp_discoveries" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON "mcp_discoveries" USING ("tenant_id" = (SELECT aos_tenant()));
REVOKE ALL ON "mcp_discoveries" FROM PUBLIC;
GRANT SELECT, INSERT ON "mcp_discoveries" TO aos_app;
GRANT UPDATE ("state", "ended_at", "result", "error_code", "error_message") ON "mcp_discoveries" TO aos_app;
GRANT SELECT ON "mcp_discoveries" TO aos_system, aos_auditor;
