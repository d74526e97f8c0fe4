-- A tenant's effects are listed newest first.
CREATE INDEX "effect_intents_tenant_id_created_at_intent_id_idx" ON "effect_intents"("tenant_id", "created_at", "intent_id");

-- The few whose outcome nobody knows, among the many that are closed.
CREATE INDEX "effect_outcomes_unknown" ON "effect_outcomes"("tenant_id", "intent_id") WHERE "first" AND "outcome" = 'unknown';
