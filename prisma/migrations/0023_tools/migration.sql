-- CreateTable
CREATE TABLE "credentials" (
    "credential_id" VARCHAR(64) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "name" VARCHAR(128) NOT NULL,
    "type" VARCHAR(32) NOT NULL,
    "description" VARCHAR(1024),
    "tags" JSONB NOT NULL DEFAULT '[]',
    "metadata" JSONB NOT NULL DEFAULT '{}',
    "is_rotatable" BOOLEAN NOT NULL DEFAULT false,
    "rotation_interval_days" INTEGER,
    "expires_at" TIMESTAMPTZ(3),
    "created_by" VARCHAR(128) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "credentials_pkey" PRIMARY KEY ("credential_id")
);

-- CreateTable
CREATE TABLE "credential_secrets" (
    "credential_id" VARCHAR(64) NOT NULL,
    "secret_version" INTEGER NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "key_id" VARCHAR(64) NOT NULL,
    "nonce" BYTEA NOT NULL,
    "ciphertext" BYTEA NOT NULL,
    "tag" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "credential_secrets_pkey" PRIMARY KEY ("credential_id","secret_version")
);

-- CreateTable
CREATE TABLE "credential_access_log" (
    "id" BIGSERIAL NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "credential_id" VARCHAR(64) NOT NULL,
    "accessor_id" VARCHAR(128) NOT NULL,
    "accessor_type" VARCHAR(16) NOT NULL,
    "action" VARCHAR(16) NOT NULL,
    "purpose" VARCHAR(256),
    "success" BOOLEAN NOT NULL,
    "error" VARCHAR(256),
    "accessed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "credential_access_log_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "mcp_servers" (
    "server_id" VARCHAR(64) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "name" VARCHAR(128) NOT NULL,
    "description" VARCHAR(1024),
    "url" VARCHAR(512) NOT NULL,
    "transport" VARCHAR(32) NOT NULL DEFAULT 'http',
    "auth_type" VARCHAR(32) NOT NULL DEFAULT 'none',
    "credential_id" VARCHAR(64),
    "status" VARCHAR(32) NOT NULL DEFAULT 'pending',
    "last_health_check_at" TIMESTAMPTZ(3),
    "health_latency_ms" INTEGER,
    "health_check_failures" INTEGER NOT NULL DEFAULT 0,
    "last_error" VARCHAR(1000),
    "capabilities" JSONB NOT NULL DEFAULT '[]',
    "protocol_version" VARCHAR(16),
    "server_info" JSONB,
    "tool_count" INTEGER NOT NULL DEFAULT 0,
    "resource_count" INTEGER NOT NULL DEFAULT 0,
    "prompt_count" INTEGER NOT NULL DEFAULT 0,
    "last_discovery_at" TIMESTAMPTZ(3),
    "discovery_report" JSONB NOT NULL DEFAULT '[]',
    "requires_approval" BOOLEAN NOT NULL DEFAULT true,
    "default_policy_id" VARCHAR(64),
    "rate_limit_requests" INTEGER,
    "rate_limit_window_seconds" INTEGER NOT NULL DEFAULT 60,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "tags" JSONB NOT NULL DEFAULT '[]',
    "metadata" JSONB NOT NULL DEFAULT '{}',
    "registered_by" VARCHAR(128) NOT NULL,
    "registered_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "mcp_servers_pkey" PRIMARY KEY ("server_id")
);

-- CreateTable
CREATE TABLE "mcp_tools" (
    "tool_id" VARCHAR(64) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "server_id" VARCHAR(64) NOT NULL,
    "name" VARCHAR(128) NOT NULL,
    "description" TEXT,
    "input_schema" JSONB NOT NULL,
    "output_schema" JSONB,
    "annotations" JSONB,
    "title" TEXT,
    "definition_hash" VARCHAR(64) NOT NULL,
    "definition_state" VARCHAR(16) NOT NULL DEFAULT 'pinned',
    "seen_definition" JSONB,
    "seen_hash" VARCHAR(64),
    "pinned_by" VARCHAR(128) NOT NULL,
    "pinned_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "requires_policy" BOOLEAN NOT NULL DEFAULT true,
    "policy_id" VARCHAR(64),
    "risk_level" VARCHAR(16) NOT NULL,
    "risk_set_by" VARCHAR(128),
    "is_dangerous" BOOLEAN NOT NULL DEFAULT false,
    "requires_explicit_allow" BOOLEAN NOT NULL DEFAULT false,
    "required_permissions" JSONB NOT NULL DEFAULT '[]',
    "max_calls_per_minute" INTEGER NOT NULL DEFAULT 60,
    "retry_safe" BOOLEAN NOT NULL DEFAULT false,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "invocation_count" BIGINT NOT NULL DEFAULT 0,
    "failure_count" BIGINT NOT NULL DEFAULT 0,
    "last_invoked_at" TIMESTAMPTZ(3),
    "metadata" JSONB NOT NULL DEFAULT '{}',
    "discovered_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "mcp_tools_pkey" PRIMARY KEY ("tool_id")
);

-- CreateTable
CREATE TABLE "mcp_tool_grants" (
    "grant_id" VARCHAR(64) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "tool_id" VARCHAR(64) NOT NULL,
    "granted_by" VARCHAR(128) NOT NULL,
    "reason" VARCHAR(1000) NOT NULL,
    "granted_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "revoked_by" VARCHAR(128),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "mcp_tool_grants_pkey" PRIMARY KEY ("grant_id")
);

-- CreateTable
CREATE TABLE "mcp_tool_calls" (
    "invocation_id" VARCHAR(64) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "workflow_id" VARCHAR(256) NOT NULL,
    "server_id" VARCHAR(64) NOT NULL,
    "tool_id" VARCHAR(64) NOT NULL,
    "tool_name" VARCHAR(128) NOT NULL,
    "actor_id" VARCHAR(128) NOT NULL,
    "actor_type" VARCHAR(16) NOT NULL,
    "digest" VARCHAR(64) NOT NULL,
    "input_hash" VARCHAR(64) NOT NULL,
    "input_preview" TEXT,
    "input" BYTEA,
    "state" VARCHAR(16) NOT NULL DEFAULT 'requested',
    "definition_hash" VARCHAR(64),
    "decision" JSONB,
    "policy_snapshot_id" VARCHAR(100),
    "outcome" VARCHAR(32),
    "output_ref" VARCHAR(128),
    "output_bytes" INTEGER,
    "context" JSONB NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "settled_at" TIMESTAMPTZ(3),

    CONSTRAINT "mcp_tool_calls_pkey" PRIMARY KEY ("invocation_id")
);

-- CreateTable
CREATE TABLE "mcp_tool_invocations" (
    "id" BIGSERIAL NOT NULL,
    "invocation_id" VARCHAR(64) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "tool_id" VARCHAR(64),
    "server_id" VARCHAR(64) NOT NULL,
    "run_id" VARCHAR(100),
    "step_index" INTEGER,
    "actor_id" VARCHAR(128),
    "actor_type" VARCHAR(16) NOT NULL,
    "tool_name" VARCHAR(128) NOT NULL,
    "input_hash" VARCHAR(64) NOT NULL,
    "input_preview" TEXT,
    "definition_hash" VARCHAR(64),
    "policy_id" VARCHAR(64),
    "policy_snapshot_id" VARCHAR(100),
    "policy_decision" VARCHAR(32) NOT NULL,
    "policy_reason" VARCHAR(1000),
    "outcome" VARCHAR(32) NOT NULL,
    "first" BOOLEAN NOT NULL,
    "resolved_by" VARCHAR(128),
    "output_hash" VARCHAR(64),
    "error_code" VARCHAR(64),
    "error_message" VARCHAR(1000),
    "duration_ms" INTEGER,
    "trace_id" VARCHAR(64),
    "integrity_hash" VARCHAR(64) NOT NULL,
    "invoked_at" TIMESTAMPTZ(3) NOT NULL,
    "completed_at" TIMESTAMPTZ(3),
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "mcp_tool_invocations_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "mcp_tool_approvals" (
    "approval_id" VARCHAR(64) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "invocation_id" VARCHAR(64) NOT NULL,
    "server_id" VARCHAR(64) NOT NULL,
    "tool_id" VARCHAR(64) NOT NULL,
    "input_hash" VARCHAR(64) NOT NULL,
    "definition_hash" VARCHAR(64) NOT NULL,
    "policy_snapshot_id" VARCHAR(100),
    "reason" VARCHAR(1000) NOT NULL,
    "approvers_needed" INTEGER NOT NULL DEFAULT 1,
    "requested_by" VARCHAR(128) NOT NULL,
    "requesters" TEXT[],
    "requested_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "decision" VARCHAR(16),
    "decided_at" TIMESTAMPTZ(3),
    "used_at" TIMESTAMPTZ(3),

    CONSTRAINT "mcp_tool_approvals_pkey" PRIMARY KEY ("approval_id")
);

-- CreateTable
CREATE TABLE "mcp_tool_approval_votes" (
    "approval_id" VARCHAR(64) NOT NULL,
    "decided_by" VARCHAR(128) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "decision" VARCHAR(16) NOT NULL,
    "reason" VARCHAR(1000) NOT NULL,
    "decided_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "mcp_tool_approval_votes_pkey" PRIMARY KEY ("approval_id","decided_by")
);

-- CreateIndex
CREATE INDEX "credentials_tenant_id_created_at_credential_id_idx" ON "credentials"("tenant_id", "created_at", "credential_id");

-- CreateIndex
CREATE INDEX "credential_secrets_key_id_idx" ON "credential_secrets"("key_id");

-- CreateIndex
CREATE INDEX "credential_access_log_tenant_id_credential_id_id_idx" ON "credential_access_log"("tenant_id", "credential_id", "id");

-- CreateIndex
CREATE INDEX "mcp_servers_tenant_id_registered_at_server_id_idx" ON "mcp_servers"("tenant_id", "registered_at", "server_id");

-- CreateIndex
CREATE INDEX "mcp_tools_tenant_id_tool_id_idx" ON "mcp_tools"("tenant_id", "tool_id");

-- CreateIndex
CREATE UNIQUE INDEX "mcp_tools_server_id_name_key" ON "mcp_tools"("server_id", "name");

-- CreateIndex
CREATE INDEX "mcp_tool_grants_tenant_id_tool_id_idx" ON "mcp_tool_grants"("tenant_id", "tool_id");

-- CreateIndex
CREATE UNIQUE INDEX "mcp_tool_calls_workflow_id_key" ON "mcp_tool_calls"("workflow_id");

-- CreateIndex
CREATE INDEX "mcp_tool_calls_tenant_id_requested_at_invocation_id_idx" ON "mcp_tool_calls"("tenant_id", "requested_at", "invocation_id");

-- CreateIndex
CREATE INDEX "mcp_tool_invocations_invocation_id_idx" ON "mcp_tool_invocations"("invocation_id");

-- CreateIndex
CREATE INDEX "mcp_tool_invocations_tenant_id_server_id_id_idx" ON "mcp_tool_invocations"("tenant_id", "server_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "mcp_tool_approvals_invocation_id_key" ON "mcp_tool_approvals"("invocation_id");

-- CreateIndex
CREATE INDEX "mcp_tool_approvals_tenant_id_requested_at_approval_id_idx" ON "mcp_tool_approvals"("tenant_id", "requested_at", "approval_id");

-- AddForeignKey
ALTER TABLE "mcp_tools" ADD CONSTRAINT "mcp_tools_server_id_fkey" FOREIGN KEY ("server_id") REFERENCES "mcp_servers"("server_id") ON DELETE NO ACTION ON UPDATE NO ACTION;



CREATE UNIQUE INDEX "credentials_name" ON "credentials"("tenant_id", "name") WHERE "deleted_at" IS NULL;
CREATE UNIQUE INDEX "mcp_servers_name" ON "mcp_servers"("tenant_id", "name") WHERE "deleted_at" IS NULL;
CREATE UNIQUE INDEX "mcp_servers_url" ON "mcp_servers"("tenant_id", "url") WHERE "deleted_at" IS NULL;
CREATE UNIQUE INDEX "mcp_tool_grants_open" ON "mcp_tool_grants"("tool_id") WHERE "revoked_at" IS NULL;
CREATE UNIQUE INDEX "mcp_tool_invocations_first" ON "mcp_tool_invocations"("invocation_id") WHERE "first";
CREATE INDEX "mcp_tool_approvals_waiting" ON "mcp_tool_approvals"("tenant_id", "expires_at") WHERE "decision" IS NULL;
CREATE INDEX "mcp_tool_calls_open" ON "mcp_tool_calls"("requested_at") WHERE "settled_at" IS NULL;
CREATE INDEX "mcp_servers_due" ON "mcp_servers"("last_health_check_at") WHERE "deleted_at" IS NULL AND "enabled";

ALTER TABLE "credentials"
  ADD CHECK ("type" IN ('api_key', 'oauth', 'database', 'bearer_token', 'basic_auth', 'ssh_key', 'certificate', 'custom')),
  ADD CHECK ("rotation_interval_days" > 0);
ALTER TABLE "credential_secrets"
  ADD CHECK (octet_length("nonce") = 12 AND octet_length("tag") = 16),
  ADD CHECK ("secret_version" > 0);
ALTER TABLE "credential_access_log"
  ADD CHECK ("action" IN ('store', 'get', 'update', 'delete', 'rotate'));
ALTER TABLE "mcp_servers"
  ADD CHECK ("name" ~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$'),
  ADD CHECK ("transport" IN ('http', 'https', 'sse', 'stdio')),
  ADD CHECK ("auth_type" IN ('none', 'api_key', 'oauth', 'bearer', 'basic')),
  ADD CHECK (("auth_type" = 'none') = ("credential_id" IS NULL)),
  ADD CHECK ("status" IN ('pending', 'active', 'degraded', 'offline', 'suspended', 'disabled', 'error')),
  ADD CHECK ("rate_limit_requests" > 0 AND "rate_limit_window_seconds" > 0);
ALTER TABLE "mcp_tools"
  ADD CHECK ("risk_level" IN ('low', 'medium', 'high', 'critical')),
  ADD CHECK ("definition_state" IN ('pinned', 'changed', 'gone')),
  ADD CHECK (("definition_state" = 'changed') = ("seen_hash" IS NOT NULL)),
  ADD CHECK ("max_calls_per_minute" > 0);
ALTER TABLE "mcp_tool_calls"
  ADD CHECK ("state" IN ('requested', 'pending', 'allowed', 'dispatched', 'settled')),
  ADD CHECK ("outcome" IN ('succeeded', 'failed', 'unknown', 'refused', 'killed')),
  ADD CHECK (("state" = 'settled') = ("settled_at" IS NOT NULL)),
  ADD CHECK ("state" <> 'settled' OR "outcome" IS NOT NULL);
ALTER TABLE "mcp_tool_invocations"
  ADD CHECK ("policy_decision" IN ('allowed', 'blocked', 'flagged', 'pending')),
  ADD CHECK ("outcome" IN ('succeeded', 'failed', 'unknown', 'refused', 'killed', 'pending')),
  ADD CHECK ("first" = ("resolved_by" IS NULL));
ALTER TABLE "mcp_tool_approvals"
  ADD CHECK ("decision" IN ('approve', 'deny', 'expired', 'withdrawn')),
  ADD CHECK (("decision" IS NULL) = ("decided_at" IS NULL)),
  ADD CHECK ("used_at" IS NULL OR "decision" = 'approve'),
  ADD CHECK ("approvers_needed" BETWEEN 1 AND 2);
ALTER TABLE "mcp_tool_approval_votes"
  ADD CHECK ("decision" IN ('approve', 'deny'));

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "credential_access_log"
  FOR EACH STATEMENT EXECUTE FUNCTION aos_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "mcp_tool_invocations"
  FOR EACH STATEMENT EXECUTE FUNCTION aos_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON "mcp_tool_approval_votes"
  FOR EACH STATEMENT EXECUTE FUNCTION aos_refuse_change();

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY[
    'credentials', 'credential_secrets', 'credential_access_log', 'mcp_servers', 'mcp_tools', 'mcp_tool_grants',
    'mcp_tool_calls', 'mcp_tool_invocations', 'mcp_tool_approvals', 'mcp_tool_approval_votes'
  ] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY tenant_rows ON %I USING ("tenant_id" = (SELECT aos_tenant()))', name);
    EXECUTE format('REVOKE ALL ON %I FROM PUBLIC', name);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO aos_app', name);
    EXECUTE format('GRANT SELECT ON %I TO aos_system', name);
  END LOOP;
END
$$;

GRANT UPDATE ON "credentials", "mcp_servers", "mcp_tools", "mcp_tool_calls" TO aos_app;
-- A secret goes with its credential, and old versions with a rotation; the master key's rotation rewrites them.
GRANT UPDATE ("key_id", "nonce", "ciphertext", "tag"), DELETE ON "credential_secrets" TO aos_app;
GRANT UPDATE ("revoked_by", "revoked_at") ON "mcp_tool_grants" TO aos_app;
GRANT UPDATE ("decision", "decided_at", "used_at") ON "mcp_tool_approvals" TO aos_app;
GRANT UPDATE ("key_id", "nonce", "ciphertext", "tag") ON "credential_secrets" TO aos_system;
GRANT SELECT ON "credentials", "credential_access_log", "mcp_servers", "mcp_tools", "mcp_tool_grants", "mcp_tool_calls",
  "mcp_tool_invocations", "mcp_tool_approvals", "mcp_tool_approval_votes" TO aos_auditor;
GRANT USAGE ON SEQUENCE "credential_access_log_id_seq", "mcp_tool_invocations_id_seq" TO aos_app;
