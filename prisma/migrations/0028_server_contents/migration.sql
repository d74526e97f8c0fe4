-- CreateTable
CREATE TABLE "mcp_server_contents" (
    "server_id" VARCHAR(64) NOT NULL,
    "kind" VARCHAR(32) NOT NULL,
    "name" VARCHAR(2000) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "definition" JSONB NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "mcp_server_contents_pkey" PRIMARY KEY ("server_id","kind","name")
);

-- CreateIndex
CREATE INDEX "mcp_server_contents_tenant_id_kind_idx" ON "mcp_server_contents"("tenant_id", "kind");

-- AddForeignKey
ALTER TABLE "mcp_server_contents" ADD CONSTRAINT "mcp_server_contents_server_id_fkey" FOREIGN KEY ("server_id") REFERENCES "mcp_servers"("server_id") ON DELETE NO ACTION ON UPDATE NO ACTION;



ALTER TABLE "mcp_server_contents"
  ADD CHECK ("kind" IN ('resource', 'resource_template', 'prompt')),
  ADD CHECK (octet_length("name") BETWEEN 1 AND 2000);

ALTER TABLE "mcp_server_contents" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON "mcp_server_contents" USING ("tenant_id" = (SELECT aos_tenant()));
REVOKE ALL ON "mcp_server_contents" FROM PUBLIC;
-- A look at the server replaces what the one before it found.
GRANT SELECT, INSERT, DELETE ON "mcp_server_contents" TO aos_app;
GRANT UPDATE ("definition", "seen_at") ON "mcp_server_contents" TO aos_app;
GRANT SELECT ON "mcp_server_contents" TO aos_system, aos_auditor;
