-- The master keys that credentials are or were encrypted with: fingerprints, and which took the place of which. A chain
-- without forks, so that a process with another key file than the rest is refused before it stores what they cannot read.
CREATE TABLE "vault_keys" (
    "key_id" VARCHAR(64) NOT NULL,
    "former_key_id" VARCHAR(64),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "retired_at" TIMESTAMPTZ(3),

    CONSTRAINT "vault_keys_pkey" PRIMARY KEY ("key_id")
);

CREATE UNIQUE INDEX "vault_keys_former_key_id_key" ON "vault_keys"("former_key_id");
CREATE UNIQUE INDEX "vault_keys_first" ON "vault_keys"((true)) WHERE "former_key_id" IS NULL;

REVOKE ALL ON "vault_keys" FROM PUBLIC;
GRANT SELECT ON "vault_keys" TO aos_app, aos_system, aos_auditor;

-- Whether a secret may be stored under the key; the first one ever is registered by that. The shared lock is held until
-- the secret is committed: whoever retires a key takes it exclusively, and then sees every secret under it.
CREATE FUNCTION aos_use_master_key(p_key text) RETURNS text LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
  v_state text;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(20304, 3);
  INSERT INTO vault_keys (key_id) SELECT p_key WHERE NOT EXISTS (SELECT FROM vault_keys) ON CONFLICT DO NOTHING;
  SELECT CASE WHEN retired_at IS NULL THEN 'in use' ELSE 'retired' END INTO v_state FROM vault_keys WHERE key_id = p_key;
  RETURN coalesce(v_state, 'unknown');
END $$;

REVOKE EXECUTE ON FUNCTION aos_use_master_key(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION aos_use_master_key(text) TO aos_app;
