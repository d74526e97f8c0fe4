-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateTable
CREATE TABLE "tenants" (
    "tenant_id" VARCHAR(64) NOT NULL,
    "name" VARCHAR(128) NOT NULL,
    "status" VARCHAR(16) NOT NULL DEFAULT 'active',
    "enforcement_mode" VARCHAR(16) NOT NULL DEFAULT 'ENFORCE',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "tenants_pkey" PRIMARY KEY ("tenant_id")
);

-- CreateTable
CREATE TABLE "api_keys" (
    "key_id" VARCHAR(64) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "key_hash" BYTEA NOT NULL,
    "key_prefix" VARCHAR(16) NOT NULL,
    "name" VARCHAR(128) NOT NULL,
    "created_by" VARCHAR(128) NOT NULL,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "revoked_by" VARCHAR(128),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("key_id")
);

-- CreateTable
CREATE TABLE "iam_grants" (
    "grant_id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "tenant_id" VARCHAR(64) NOT NULL,
    "identity" VARCHAR(128) NOT NULL,
    "role" VARCHAR(32) NOT NULL,
    "granted_by" VARCHAR(128) NOT NULL,
    "granted_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "revoked_at" TIMESTAMPTZ(3),
    "revoked_by" VARCHAR(128),

    CONSTRAINT "iam_grants_pkey" PRIMARY KEY ("grant_id")
);

-- CreateTable
CREATE TABLE "idempotency_records" (
    "tenant_id" VARCHAR(64) NOT NULL,
    "actor_id" VARCHAR(128) NOT NULL,
    "operation" VARCHAR(128) NOT NULL,
    "key" VARCHAR(256) NOT NULL,
    "arguments_digest" VARCHAR(64) NOT NULL,
    "state" VARCHAR(32) NOT NULL DEFAULT 'processing',
    "outcome" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "retain_until" TIMESTAMPTZ(3),

    CONSTRAINT "idempotency_records_pkey" PRIMARY KEY ("tenant_id","actor_id","operation","key")
);

-- CreateTable
CREATE TABLE "audit_events" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "recorded_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "tenant_id" VARCHAR(64) NOT NULL,
    "event_id" VARCHAR(64) NOT NULL,
    "event_type" VARCHAR(64) NOT NULL,
    "event_category" VARCHAR(32) NOT NULL,
    "severity" VARCHAR(16) NOT NULL DEFAULT 'info',
    "request_id" VARCHAR(100),
    "trace_id" VARCHAR(100),
    "run_id" VARCHAR(100),
    "step_index" INTEGER,
    "plane_id" VARCHAR(100),
    "job_id" VARCHAR(100),
    "actor_id" VARCHAR(128),
    "actor_type" VARCHAR(32) NOT NULL DEFAULT 'system',
    "action" VARCHAR(128) NOT NULL,
    "resource_type" VARCHAR(64),
    "resource_id" VARCHAR(256),
    "outcome" VARCHAR(32) NOT NULL,
    "evidence" JSONB,
    "policy_id" VARCHAR(64),
    "policy_snapshot_id" VARCHAR(64),
    "error_code" VARCHAR(64),
    "error_message" TEXT,
    "payload_bytes" BYTEA,
    "integrity_hash" VARCHAR(64) NOT NULL,
    "leaf_hash" BYTEA NOT NULL,
    "xact_id" xid8 NOT NULL DEFAULT pg_current_xact_id(),
    "ordinal" BIGSERIAL NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "audit_events_pkey" PRIMARY KEY ("recorded_at","id")
) PARTITION BY RANGE ("recorded_at");

-- CreateTable
CREATE TABLE "audit_leaves" (
    "tenant_id" VARCHAR(64) NOT NULL,
    "tenant_sequence" BIGINT NOT NULL,
    "event_id" VARCHAR(64) NOT NULL,
    "integrity_hash" VARCHAR(64) NOT NULL,
    "previous_hash" VARCHAR(64),
    "batch_id" VARCHAR(64) NOT NULL,
    "sealed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "audit_leaves_pkey" PRIMARY KEY ("tenant_id","tenant_sequence")
);

-- CreateTable
CREATE TABLE "effect_intents" (
    "intent_id" VARCHAR(64) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "subject" VARCHAR(256) NOT NULL,
    "phase" VARCHAR(32) NOT NULL,
    "attempt_token" VARCHAR(64) NOT NULL,
    "deadline" TIMESTAMPTZ(3) NOT NULL,
    "integrity_hash" VARCHAR(64) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "effect_intents_pkey" PRIMARY KEY ("intent_id")
);

-- CreateTable
CREATE TABLE "effect_outcomes" (
    "id" BIGSERIAL NOT NULL,
    "intent_id" VARCHAR(64) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "outcome" VARCHAR(32) NOT NULL,
    "first" BOOLEAN NOT NULL,
    "resolved_by" VARCHAR(128),
    "reason" TEXT,
    "integrity_hash" VARCHAR(64) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "effect_outcomes_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "event_outbox" (
    "id" BIGSERIAL NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "topic" VARCHAR(64) NOT NULL,
    "workflow_id" VARCHAR(256) NOT NULL,
    "payload" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "published_at" TIMESTAMPTZ(3),
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "last_error" TEXT,

    CONSTRAINT "event_outbox_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "runtime_switches" (
    "switch_id" VARCHAR(64) NOT NULL,
    "kind" VARCHAR(16) NOT NULL,
    "scope_type" VARCHAR(16) NOT NULL,
    "scope_id" VARCHAR(128),
    "tenant_id" VARCHAR(64),
    "owner" VARCHAR(16) NOT NULL,
    "enabled" BOOLEAN NOT NULL,
    "epoch" BIGINT NOT NULL,
    "reason" TEXT NOT NULL,
    "actor_id" VARCHAR(128) NOT NULL,
    "actor_type" VARCHAR(32) NOT NULL,
    "last_changed" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "runtime_switches_pkey" PRIMARY KEY ("switch_id")
);

-- CreateTable
CREATE TABLE "runtime_switch_history" (
    "id" BIGSERIAL NOT NULL,
    "switch_id" VARCHAR(64) NOT NULL,
    "tenant_id" VARCHAR(64),
    "previous" BOOLEAN,
    "current" BOOLEAN NOT NULL,
    "epoch" BIGINT NOT NULL,
    "reason" TEXT NOT NULL,
    "actor_id" VARCHAR(128) NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "integrity_hash" VARCHAR(64) NOT NULL,

    CONSTRAINT "runtime_switch_history_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "knowledge_planes" (
    "plane_id" VARCHAR(64) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "name" VARCHAR(128) NOT NULL,
    "plane_type" VARCHAR(64) NOT NULL DEFAULT 'private',
    "description" TEXT,
    "status" VARCHAR(32) NOT NULL DEFAULT 'draft',
    "lifecycle_state_value" INTEGER NOT NULL DEFAULT 100,
    "status_reason" TEXT,
    "next_action" VARCHAR(64),
    "last_transition_at" TIMESTAMPTZ(3),
    "active_job_id" VARCHAR(64),
    "onboard" BOOLEAN NOT NULL DEFAULT false,
    "default_policy" VARCHAR(8) NOT NULL DEFAULT 'DENY',
    "unreadable_tolerance" DOUBLE PRECISION NOT NULL DEFAULT 0.1,
    "embedding_model" VARCHAR(128),
    "embedding_dimension" INTEGER,
    "chunk_size" INTEGER NOT NULL DEFAULT 512,
    "chunk_overlap" INTEGER NOT NULL DEFAULT 50,
    "node_count" INTEGER NOT NULL DEFAULT 0,
    "document_count" INTEGER NOT NULL DEFAULT 0,
    "total_bytes" BIGINT NOT NULL DEFAULT 0,
    "last_indexed_at" TIMESTAMPTZ(3),
    "sensitivity_level" VARCHAR(32),
    "pii_detected" BOOLEAN NOT NULL DEFAULT false,
    "classification_metadata" JSONB,
    "endpoint" JSONB,
    "created_by" VARCHAR(128) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "knowledge_planes_pkey" PRIMARY KEY ("plane_id")
);

-- CreateTable
CREATE TABLE "knowledge_sources" (
    "source_id" VARCHAR(64) NOT NULL,
    "plane_id" VARCHAR(64) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "source_type" VARCHAR(32) NOT NULL,
    "name" VARCHAR(128) NOT NULL,
    "position" INTEGER NOT NULL,
    "config" JSONB NOT NULL,
    "status" VARCHAR(32) NOT NULL DEFAULT 'pending',
    "last_ingested_at" TIMESTAMPTZ(3),
    "last_error" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "knowledge_sources_pkey" PRIMARY KEY ("source_id")
);

-- CreateTable
CREATE TABLE "knowledge_documents" (
    "document_id" VARCHAR(64) NOT NULL,
    "plane_id" VARCHAR(64) NOT NULL,
    "source_id" VARCHAR(64) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "name" VARCHAR(1024) NOT NULL,
    "status" VARCHAR(32) NOT NULL DEFAULT 'pending',
    "version" VARCHAR(64),
    "bytes" BIGINT NOT NULL DEFAULT 0,
    "format" VARCHAR(32),
    "text_key" VARCHAR(64),
    "dead_letter_code" VARCHAR(64),
    "dead_letter_reason" TEXT,
    "seen_job_id" VARCHAR(64),
    "indexed_version" VARCHAR(64),
    "indexed_run_id" VARCHAR(64),
    "indexed_text_key" VARCHAR(64),
    "chunk_count" INTEGER NOT NULL DEFAULT 0,
    "classified_version" VARCHAR(64),
    "categories" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "deleted_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "knowledge_documents_pkey" PRIMARY KEY ("document_id")
);

-- CreateTable
CREATE TABLE "knowledge_index_runs" (
    "index_run_id" VARCHAR(64) NOT NULL,
    "seq" BIGSERIAL NOT NULL,
    "plane_id" VARCHAR(64) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "job_id" VARCHAR(64) NOT NULL,
    "status" VARCHAR(16) NOT NULL DEFAULT 'running',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "committed_at" TIMESTAMPTZ(3),

    CONSTRAINT "knowledge_index_runs_pkey" PRIMARY KEY ("index_run_id")
);

-- CreateTable
CREATE TABLE "knowledge_document_indexings" (
    "index_run_id" VARCHAR(64) NOT NULL,
    "document_id" VARCHAR(64) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "version" VARCHAR(64) NOT NULL,
    "text_key" VARCHAR(64) NOT NULL,
    "chunk_count" INTEGER NOT NULL,

    CONSTRAINT "knowledge_document_indexings_pkey" PRIMARY KEY ("index_run_id","document_id")
);

-- CreateTable
CREATE TABLE "knowledge_findings" (
    "id" BIGSERIAL NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "plane_id" VARCHAR(64) NOT NULL,
    "document_id" VARCHAR(64) NOT NULL,
    "version" VARCHAR(64) NOT NULL,
    "kind" VARCHAR(32) NOT NULL,
    "start_offset" INTEGER NOT NULL,
    "end_offset" INTEGER NOT NULL,
    "score" DOUBLE PRECISION NOT NULL,
    "rule" VARCHAR(64) NOT NULL,
    "rule_version" VARCHAR(32) NOT NULL,
    "job_id" VARCHAR(64) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "knowledge_findings_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "knowledge_jobs" (
    "job_id" VARCHAR(64) NOT NULL,
    "plane_id" VARCHAR(64) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "kind" VARCHAR(32) NOT NULL,
    "status" VARCHAR(16) NOT NULL DEFAULT 'queued',
    "workflow_id" VARCHAR(256) NOT NULL,
    "requester" JSONB NOT NULL,
    "seen_epochs" JSONB NOT NULL DEFAULT '{}',
    "attempt" INTEGER NOT NULL DEFAULT 1,
    "result" JSONB,
    "error_code" VARCHAR(64),
    "error_message" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "knowledge_jobs_pkey" PRIMARY KEY ("job_id")
);

-- CreateTable
CREATE TABLE "plane_stage_progress" (
    "job_id" VARCHAR(64) NOT NULL,
    "stage" VARCHAR(32) NOT NULL,
    "plane_id" VARCHAR(64) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "status" VARCHAR(16) NOT NULL,
    "percentage" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "attempts" INTEGER NOT NULL DEFAULT 1,
    "message" TEXT,
    "error" TEXT,
    "checkpoint" JSONB,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "completed_at" TIMESTAMPTZ(3),
    "duration_ms" INTEGER,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "plane_stage_progress_pkey" PRIMARY KEY ("job_id","stage")
);

-- CreateTable
CREATE TABLE "knowledge_lifecycle_transitions" (
    "id" BIGSERIAL NOT NULL,
    "transition_id" VARCHAR(64) NOT NULL,
    "plane_id" VARCHAR(64) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "from_status" VARCHAR(32) NOT NULL,
    "to_status" VARCHAR(32) NOT NULL,
    "trigger" VARCHAR(64) NOT NULL,
    "actor_id" VARCHAR(128),
    "actor_type" VARCHAR(16) NOT NULL DEFAULT 'system',
    "success" BOOLEAN NOT NULL,
    "reason" TEXT,
    "job_id" VARCHAR(64),
    "audit_event_id" VARCHAR(64) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "knowledge_lifecycle_transitions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "policies" (
    "policy_id" VARCHAR(64) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "name" VARCHAR(128) NOT NULL,
    "description" TEXT,
    "enforcement_mode" VARCHAR(16) NOT NULL DEFAULT 'WARN',
    "conditions" JSONB NOT NULL,
    "status" VARCHAR(16) NOT NULL DEFAULT 'DRAFT',
    "source" VARCHAR(16) NOT NULL DEFAULT 'MANUAL',
    "created_by" VARCHAR(128) NOT NULL,
    "retirement_reason" TEXT,
    "retired_by" VARCHAR(128),
    "retired_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "policies_pkey" PRIMARY KEY ("policy_id")
);

-- CreateTable
CREATE TABLE "plane_policy_bindings" (
    "id" BIGSERIAL NOT NULL,
    "plane_id" VARCHAR(64) NOT NULL,
    "policy_id" VARCHAR(64) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "bound_by" VARCHAR(128) NOT NULL,
    "bound_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "unbound_by" VARCHAR(128),
    "unbound_at" TIMESTAMPTZ(3),

    CONSTRAINT "plane_policy_bindings_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "policy_snapshots" (
    "id" SERIAL NOT NULL,
    "snapshot_id" VARCHAR(64) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "version" INTEGER NOT NULL,
    "policies_json" TEXT NOT NULL,
    "thresholds_json" TEXT NOT NULL,
    "content_hash" VARCHAR(64) NOT NULL,
    "threshold_snapshot_hash" VARCHAR(64) NOT NULL,
    "policy_count" INTEGER NOT NULL,
    "created_by" VARCHAR(128) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "policy_snapshots_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "policy_snapshot_status" (
    "snapshot_id" VARCHAR(64) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "status" VARCHAR(16) NOT NULL,
    "changed_by" VARCHAR(128) NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "policy_snapshot_status_pkey" PRIMARY KEY ("snapshot_id")
);

-- CreateTable
CREATE TABLE "retrieval_evidence" (
    "id" VARCHAR(36) NOT NULL,
    "seq" BIGSERIAL NOT NULL,
    "tenant_id" VARCHAR(100) NOT NULL,
    "run_id" VARCHAR(100) NOT NULL,
    "plane_id" VARCHAR(100) NOT NULL,
    "connector_id" VARCHAR(100),
    "connector_type" VARCHAR(64),
    "action" VARCHAR(50) NOT NULL,
    "actor_id" VARCHAR(128),
    "request_id" VARCHAR(100),
    "query_hash" VARCHAR(64) NOT NULL,
    "response_hash" VARCHAR(64),
    "doc_ids" JSONB NOT NULL DEFAULT '[]',
    "token_count" INTEGER NOT NULL DEFAULT 0,
    "bytes_retrieved" BIGINT NOT NULL DEFAULT 0,
    "decision" VARCHAR(16) NOT NULL,
    "deny_reason" TEXT,
    "policy_applied" VARCHAR(64),
    "policy_snapshot_id" VARCHAR(100),
    "redaction_applied" BOOLEAN NOT NULL DEFAULT false,
    "duration_ms" INTEGER,
    "integrity_hash" VARCHAR(64) NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL,
    "completed_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "retrieval_evidence_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "resource_leases" (
    "resource" VARCHAR(256) NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "holder" VARCHAR(128) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "resource_leases_pkey" PRIMARY KEY ("resource")
);

-- CreateIndex
CREATE UNIQUE INDEX "api_keys_key_hash_key" ON "api_keys"("key_hash");

-- CreateIndex
CREATE INDEX "api_keys_tenant_id_created_at_key_id_idx" ON "api_keys"("tenant_id", "created_at", "key_id");

-- CreateIndex
CREATE INDEX "iam_grants_tenant_id_identity_idx" ON "iam_grants"("tenant_id", "identity");

-- CreateIndex
CREATE INDEX "audit_events_tenant_id_occurred_at_idx" ON "audit_events"("tenant_id", "occurred_at" DESC);

-- CreateIndex
CREATE INDEX "audit_events_tenant_id_ordinal_idx" ON "audit_events"("tenant_id", "ordinal");

-- CreateIndex
CREATE INDEX "audit_events_tenant_id_plane_id_ordinal_idx" ON "audit_events"("tenant_id", "plane_id", "ordinal");

-- CreateIndex
CREATE INDEX "audit_events_tenant_id_event_type_ordinal_idx" ON "audit_events"("tenant_id", "event_type", "ordinal");

-- CreateIndex
CREATE INDEX "audit_events_tenant_id_run_id_idx" ON "audit_events"("tenant_id", "run_id");

-- CreateIndex
CREATE INDEX "audit_events_tenant_id_job_id_idx" ON "audit_events"("tenant_id", "job_id");

-- CreateIndex
CREATE UNIQUE INDEX "audit_leaves_event_id_key" ON "audit_leaves"("event_id");

-- CreateIndex
CREATE INDEX "effect_intents_deadline_idx" ON "effect_intents"("deadline");

-- CreateIndex
CREATE UNIQUE INDEX "effect_intents_subject_phase_key" ON "effect_intents"("subject", "phase");

-- CreateIndex
CREATE INDEX "effect_outcomes_intent_id_idx" ON "effect_outcomes"("intent_id");

-- CreateIndex
CREATE UNIQUE INDEX "runtime_switches_scope_key" ON "runtime_switches"("kind", "scope_type", "scope_id", "tenant_id", "owner") NULLS NOT DISTINCT;

-- CreateIndex
CREATE INDEX "runtime_switch_history_switch_id_idx" ON "runtime_switch_history"("switch_id");

-- CreateIndex
CREATE INDEX "knowledge_planes_tenant_id_created_at_plane_id_idx" ON "knowledge_planes"("tenant_id", "created_at", "plane_id");

-- CreateIndex
CREATE UNIQUE INDEX "knowledge_planes_tenant_id_name_key" ON "knowledge_planes"("tenant_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "knowledge_sources_plane_id_name_key" ON "knowledge_sources"("plane_id", "name");

-- CreateIndex
CREATE INDEX "knowledge_documents_plane_id_status_document_id_idx" ON "knowledge_documents"("plane_id", "status", "document_id");

-- CreateIndex
CREATE INDEX "knowledge_documents_plane_id_document_id_idx" ON "knowledge_documents"("plane_id", "document_id");

-- CreateIndex
CREATE INDEX "knowledge_documents_tenant_id_idx" ON "knowledge_documents"("tenant_id");

-- CreateIndex
CREATE UNIQUE INDEX "knowledge_documents_source_id_name_key" ON "knowledge_documents"("source_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "knowledge_index_runs_seq_key" ON "knowledge_index_runs"("seq");

-- CreateIndex
CREATE UNIQUE INDEX "knowledge_index_runs_job_id_key" ON "knowledge_index_runs"("job_id");

-- CreateIndex
CREATE INDEX "knowledge_index_runs_plane_id_status_idx" ON "knowledge_index_runs"("plane_id", "status");

-- CreateIndex
CREATE INDEX "knowledge_findings_plane_id_id_idx" ON "knowledge_findings"("plane_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "knowledge_findings_document_id_version_kind_start_offset_en_key" ON "knowledge_findings"("document_id", "version", "kind", "start_offset", "end_offset");

-- CreateIndex
CREATE INDEX "knowledge_jobs_plane_id_created_at_idx" ON "knowledge_jobs"("plane_id", "created_at");

-- CreateIndex
CREATE INDEX "knowledge_jobs_status_idx" ON "knowledge_jobs"("status");

-- CreateIndex
CREATE INDEX "plane_stage_progress_plane_id_started_at_idx" ON "plane_stage_progress"("plane_id", "started_at");

-- CreateIndex
CREATE UNIQUE INDEX "knowledge_lifecycle_transitions_transition_id_key" ON "knowledge_lifecycle_transitions"("transition_id");

-- CreateIndex
CREATE INDEX "knowledge_lifecycle_transitions_plane_id_id_idx" ON "knowledge_lifecycle_transitions"("plane_id", "id");

-- CreateIndex
CREATE INDEX "policies_tenant_id_created_at_policy_id_idx" ON "policies"("tenant_id", "created_at", "policy_id");

-- CreateIndex
CREATE UNIQUE INDEX "policies_tenant_id_name_key" ON "policies"("tenant_id", "name");

-- CreateIndex
CREATE INDEX "plane_policy_bindings_tenant_id_plane_id_idx" ON "plane_policy_bindings"("tenant_id", "plane_id");

-- CreateIndex
CREATE UNIQUE INDEX "policy_snapshots_snapshot_id_key" ON "policy_snapshots"("snapshot_id");

-- CreateIndex
CREATE UNIQUE INDEX "policy_snapshots_tenant_id_version_key" ON "policy_snapshots"("tenant_id", "version");

-- CreateIndex
CREATE UNIQUE INDEX "retrieval_evidence_seq_key" ON "retrieval_evidence"("seq");

-- CreateIndex
CREATE INDEX "retrieval_evidence_tenant_id_seq_idx" ON "retrieval_evidence"("tenant_id", "seq");

-- CreateIndex
CREATE INDEX "retrieval_evidence_tenant_id_run_id_idx" ON "retrieval_evidence"("tenant_id", "run_id");

-- CreateIndex
CREATE INDEX "retrieval_evidence_tenant_id_plane_id_idx" ON "retrieval_evidence"("tenant_id", "plane_id");

-- CreateIndex
CREATE INDEX "retrieval_evidence_tenant_id_query_hash_idx" ON "retrieval_evidence"("tenant_id", "query_hash");

-- CreateIndex
CREATE INDEX "retrieval_evidence_tenant_id_requested_at_idx" ON "retrieval_evidence"("tenant_id", "requested_at");


