-- AlterTable
ALTER TABLE "audit_leaves" ADD COLUMN     "epoch" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "leaf_hash" BYTEA NOT NULL,
ADD COLUMN     "ordinal" BIGINT NOT NULL,
ADD COLUMN     "recorded_at" TIMESTAMPTZ(6) NOT NULL;

-- CreateTable
CREATE TABLE "audit_sealing" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "installation_id" VARCHAR(32) NOT NULL DEFAULT replace((gen_random_uuid())::text, '-'::text, ''::text),
    "server_id" VARCHAR(32),
    "epoch" INTEGER NOT NULL DEFAULT 1,
    "epoch_due" TEXT,
    "mark_xact" xid8 NOT NULL DEFAULT '0'::xid8,
    "mark_set_back" INTEGER NOT NULL DEFAULT 0,
    "floor_ordinal" BIGINT NOT NULL DEFAULT 0,
    "leftover" BOOLEAN NOT NULL DEFAULT false,
    "trouble" TEXT,
    "trouble_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "audit_sealing_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_tree_heads" (
    "tenant_id" VARCHAR(64) NOT NULL,
    "epoch" INTEGER NOT NULL,
    "tree_size" BIGINT NOT NULL,
    "edge" BYTEA NOT NULL,
    "last_xact" xid8 NOT NULL,
    "last_ordinal" BIGINT NOT NULL,
    "last_integrity_hash" VARCHAR(64),
    "halted_reason" TEXT,
    "halted_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "audit_tree_heads_pkey" PRIMARY KEY ("tenant_id")
);

-- CreateTable
CREATE TABLE "audit_tiles" (
    "tenant_id" VARCHAR(64) NOT NULL,
    "level" INTEGER NOT NULL,
    "tile_index" BIGINT NOT NULL,
    "epoch" INTEGER NOT NULL,
    "hashes" BYTEA NOT NULL,
    "root_hash" BYTEA NOT NULL,

    CONSTRAINT "audit_tiles_pkey" PRIMARY KEY ("tenant_id","level","tile_index")
);

-- CreateTable
CREATE TABLE "audit_checkpoints" (
    "checkpoint_id" VARCHAR(64) NOT NULL,
    "seq" BIGSERIAL NOT NULL,
    "tenant_id" VARCHAR(64) NOT NULL,
    "epoch" INTEGER NOT NULL,
    "tree_size" BIGINT NOT NULL,
    "root_hash" BYTEA NOT NULL,
    "previous_checkpoint_id" VARCHAR(64),
    "previous_root_hash" BYTEA,
    "batch_id" VARCHAR(64) NOT NULL,
    "key_id" VARCHAR(8) NOT NULL,
    "signature" BYTEA NOT NULL,
    "note" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "audit_checkpoints_pkey" PRIMARY KEY ("checkpoint_id")
);

-- CreateTable
CREATE TABLE "audit_signing_keys" (
    "key_id" VARCHAR(8) NOT NULL,
    "seq" BIGSERIAL NOT NULL,
    "name" VARCHAR(128) NOT NULL,
    "public_key" BYTEA NOT NULL,
    "former_key_id" VARCHAR(8),
    "record" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "audit_signing_keys_pkey" PRIMARY KEY ("key_id")
);

-- CreateTable
CREATE TABLE "audit_checkpoint_copies" (
    "target" VARCHAR(16) NOT NULL,
    "last_seq" BIGINT NOT NULL DEFAULT 0,
    "copied_at" TIMESTAMPTZ(3),
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "last_error" TEXT,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "audit_checkpoint_copies_pkey" PRIMARY KEY ("target")
);

-- CreateIndex
CREATE UNIQUE INDEX "audit_checkpoints_seq_key" ON "audit_checkpoints"("seq");

-- CreateIndex
CREATE UNIQUE INDEX "audit_checkpoints_tenant_id_epoch_tree_size_key" ON "audit_checkpoints"("tenant_id", "epoch", "tree_size");

-- CreateIndex
CREATE UNIQUE INDEX "audit_signing_keys_seq_key" ON "audit_signing_keys"("seq");

-- CreateIndex
CREATE INDEX "audit_events_xact_id_idx" ON "audit_events"("xact_id");


ALTER TABLE "audit_sealing" ADD CHECK ("id" = 1);
ALTER TABLE "audit_tree_heads"
  ADD CHECK ("tree_size" >= 0 AND octet_length("edge") % 32 = 0),
  ADD CHECK (("halted_at" IS NULL) = ("halted_reason" IS NULL));
ALTER TABLE "audit_leaves" ADD CHECK (octet_length("leaf_hash") = 32);
ALTER TABLE "audit_tiles" ADD CHECK (octet_length("hashes") = 8192 AND octet_length("root_hash") = 32);
INSERT INTO "audit_sealing" DEFAULT VALUES;

DO $$
DECLARE target text;
BEGIN
  FOREACH target IN ARRAY ARRAY['audit_tiles', 'audit_checkpoints', 'audit_signing_keys'] LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION aos_refuse_change()', target);
  END LOOP;
  FOREACH target IN ARRAY ARRAY['audit_tree_heads', 'audit_tiles', 'audit_checkpoints'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', target);
    EXECUTE format('CREATE POLICY tenant_rows ON %I USING ("tenant_id" = (SELECT aos_tenant()))', target);
  END LOOP;
END $$;

-- A head never goes back and never goes away: what was sealed stays sealed.
CREATE FUNCTION aos_keep_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.tenant_id <> OLD.tenant_id OR NEW.tree_size < OLD.tree_size OR NEW.epoch < OLD.epoch THEN
    RAISE EXCEPTION 'the head of a tree does not go back' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER keep_head BEFORE UPDATE ON "audit_tree_heads" FOR EACH ROW EXECUTE FUNCTION aos_keep_head();
CREATE TRIGGER keep_heads BEFORE DELETE OR TRUNCATE ON "audit_tree_heads"
  FOR EACH STATEMENT EXECUTE FUNCTION aos_refuse_change();

GRANT SELECT ON "audit_sealing", "audit_tree_heads", "audit_tiles", "audit_checkpoints", "audit_signing_keys",
  "audit_checkpoint_copies" TO aos_app, aos_system, aos_auditor;
GRANT INSERT ON "audit_leaves", "audit_tree_heads", "audit_tiles", "audit_checkpoints", "audit_signing_keys",
  "audit_checkpoint_copies" TO aos_system;
GRANT UPDATE ON "audit_sealing", "audit_tree_heads", "audit_checkpoint_copies" TO aos_system;
GRANT USAGE ON SEQUENCE "audit_checkpoints_seq_seq", "audit_signing_keys_seq_seq" TO aos_system;

-- Committed events that no tree has yet and none can pass any more, in the order in which they are sealed. Only those
-- below the oldest running transaction: an older one may still commit. The index must carry this however old the
-- statistics are, since it is asked several times a second. What a restore brought without leaves is found by their
-- absence: its transaction ids may be those of another server.
CREATE FUNCTION aos_unsealed(p_mark xid8, p_limit int)
RETURNS TABLE (tenant_id varchar, event_id varchar, xact_id xid8, ordinal bigint, recorded_at timestamptz,
  integrity_hash varchar, leaf_hash bytea)
LANGUAGE plpgsql VOLATILE SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
  v_end xid8 := pg_snapshot_xmin(pg_current_snapshot());
  v_sealing audit_sealing;
BEGIN
  SELECT * INTO v_sealing FROM audit_sealing;
  IF v_sealing.leftover THEN
    RETURN QUERY
      SELECT e.tenant_id, e.event_id, e.xact_id, e.ordinal, e.recorded_at, e.integrity_hash, e.leaf_hash
      FROM audit_events e LEFT JOIN audit_tree_heads h ON h.tenant_id = e.tenant_id
      WHERE e.ordinal <= v_sealing.floor_ordinal AND h.halted_at IS NULL
        AND NOT EXISTS (SELECT FROM audit_leaves l WHERE l.event_id = e.event_id)
      ORDER BY e.xact_id, e.ordinal LIMIT p_limit;
  ELSE
    RETURN QUERY
      SELECT e.tenant_id, e.event_id, e.xact_id, e.ordinal, e.recorded_at, e.integrity_hash, e.leaf_hash
      FROM audit_events e LEFT JOIN audit_tree_heads h ON h.tenant_id = e.tenant_id
      WHERE e.xact_id >= p_mark AND e.xact_id < v_end AND e.ordinal > v_sealing.floor_ordinal
        AND (h.tenant_id IS NULL OR (h.halted_at IS NULL AND (e.xact_id, e.ordinal) > (h.last_xact, h.last_ordinal)))
      ORDER BY e.xact_id, e.ordinal LIMIT p_limit;
  END IF;
END $$;

-- One batch of leaves for all tenants that have some, answered as one row for each tree: what its head was, what stands
-- as its last leaf, and the hashes to append. The caller holds the lock of sealing, and has taken it in a statement before.
CREATE FUNCTION aos_seal_leaves(p_mark xid8, p_limit int, p_batch text)
RETURNS TABLE (tenant_id text, epoch int, tree_size float8, edge bytea, head_hash text, leaf_before text,
  taken int, leaf_hashes bytea, last_xact text, last_ordinal text, last_hash text, up_to text)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
  v_sealing audit_sealing;
  -- Read before the rows, so that nothing is passed by that they do not show.
  v_up_to xid8 := pg_snapshot_xmin(pg_current_snapshot());
BEGIN
  SELECT * INTO v_sealing FROM audit_sealing;
  RETURN QUERY
    WITH taken AS MATERIALIZED (
      SELECT u.*, coalesce(h.tree_size, 0) + row_number() OVER w - 1 AS seq,
        coalesce(lag(u.integrity_hash) OVER w, h.last_integrity_hash) AS previous
      FROM aos_unsealed(p_mark, p_limit) u LEFT JOIN audit_tree_heads h ON h.tenant_id = u.tenant_id
      WINDOW w AS (PARTITION BY u.tenant_id ORDER BY u.xact_id, u.ordinal)
    ), written AS (
      INSERT INTO audit_leaves (tenant_id, tenant_sequence, event_id, integrity_hash, previous_hash, batch_id, epoch,
        leaf_hash, ordinal, recorded_at)
      SELECT t.tenant_id, t.seq, t.event_id, t.integrity_hash, t.previous, p_batch, v_sealing.epoch, t.leaf_hash, t.ordinal,
        t.recorded_at FROM taken t
    ), grouped AS (
      SELECT t.tenant_id, count(*)::int AS taken, string_agg(t.leaf_hash, ''::bytea ORDER BY t.seq) AS leaf_hashes,
        max(t.seq) AS last_seq FROM taken t GROUP BY t.tenant_id
    )
    SELECT g.tenant_id::text, v_sealing.epoch, coalesce(h.tree_size, 0)::float8, coalesce(h.edge, ''::bytea),
      h.last_integrity_hash::text,
      (SELECT l.integrity_hash::text FROM audit_leaves l
        WHERE l.tenant_id = g.tenant_id AND l.tenant_sequence = coalesce(h.tree_size, 0) - 1),
      g.taken, g.leaf_hashes, CASE WHEN v_sealing.leftover THEN '0' ELSE last.xact_id::text END,
      CASE WHEN v_sealing.leftover THEN v_sealing.floor_ordinal ELSE last.ordinal END::text, last.integrity_hash::text,
      v_up_to::text
    FROM grouped g
    JOIN taken last ON last.tenant_id = g.tenant_id AND last.seq = g.last_seq
    LEFT JOIN audit_tree_heads h ON h.tenant_id = g.tenant_id;
END $$;

-- How sealing stands: what waits, for how long, and which transaction holds it up. A definer, because who runs what is
-- hidden from other roles; the process id is told in any case, from the lock that each transaction holds on its own id.
CREATE FUNCTION aos_sealing_state(p_count_max int)
RETURNS TABLE (unsealed int, lag_seconds float8, halted int, trouble text, blocked_by jsonb)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  v_snapshot pg_snapshot := pg_current_snapshot();
  v_xmin xid8 := pg_snapshot_xmin(v_snapshot);
  v_newest_xact xid8;
BEGIN
  SELECT count(*)::int, coalesce(extract(epoch FROM clock_timestamp() - min(w.recorded_at)), 0)::float8, max(w.xact_id)
    INTO unsealed, lag_seconds, v_newest_xact
    FROM (SELECT e.recorded_at, e.xact_id FROM audit_sealing s
      JOIN audit_events e ON e.xact_id >= s.mark_xact AND e.ordinal > s.floor_ordinal
      LEFT JOIN audit_tree_heads h ON h.tenant_id = e.tenant_id
      WHERE h.tenant_id IS NULL OR (e.xact_id, e.ordinal) > (h.last_xact, h.last_ordinal)
      LIMIT p_count_max) w;
  SELECT count(*)::int INTO halted FROM audit_tree_heads h WHERE h.halted_at IS NOT NULL;
  SELECT s.trouble INTO trouble FROM audit_sealing s;
  IF v_newest_xact >= v_xmin THEN
    SELECT jsonb_build_object('pid', l.pid, 'application_name', a.application_name, 'user', a.usename,
        'state', a.state, 'age_seconds', extract(epoch FROM clock_timestamp() - a.xact_start)::float8)
      INTO blocked_by
      FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
      WHERE l.locktype = 'transactionid' AND l.granted AND l.mode = 'ExclusiveLock' AND l.transactionid = v_xmin::xid
      LIMIT 1;
  END IF;
  RETURN NEXT;
END $$;

-- Opens the next epoch of all trees, after a restore: everything up to now is closed off by its ordinal, because the
-- transaction ids of a restored database may be those of another server. Nobody may be writing an event at that moment.
CREATE FUNCTION aos_open_epoch(p_server text) RETURNS int LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE v_epoch int;
BEGIN
  LOCK TABLE audit_events IN SHARE MODE;
  UPDATE audit_sealing SET epoch = epoch + 1, epoch_due = NULL, server_id = p_server, mark_xact = '0',
    mark_set_back = mark_set_back + 1, leftover = true,
    floor_ordinal = (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM audit_events_ordinal_seq)
    RETURNING epoch INTO v_epoch;
  RETURN v_epoch;
END $$;

-- Lets a tree that was found changed grow again, once somebody has looked: for the owner of the database alone. When it
-- is still not what its checkpoint says, the sealer halts it at once.
CREATE FUNCTION aos_resume_sealing(p_tenant text) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  UPDATE audit_tree_heads SET halted_at = NULL, halted_reason = NULL WHERE tenant_id = p_tenant;
  UPDATE audit_sealing s SET mark_xact = least(s.mark_xact, h.last_xact), mark_set_back = s.mark_set_back + 1
    FROM audit_tree_heads h WHERE h.tenant_id = p_tenant;
END $$;
REVOKE EXECUTE ON FUNCTION aos_unsealed(xid8, int), aos_seal_leaves(xid8, int, text), aos_sealing_state(int),
  aos_open_epoch(text), aos_resume_sealing(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION aos_unsealed(xid8, int), aos_seal_leaves(xid8, int, text), aos_sealing_state(int),
  aos_open_epoch(text) TO aos_system;
