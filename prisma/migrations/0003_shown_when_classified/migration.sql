-- A document is shown once the version that the index holds has been classified too: until then nobody knows what must be
-- redacted in it, nor whether it makes its plane restricted.
CREATE OR REPLACE FUNCTION aos_shown_documents(p_tenant text, p_plane text, p_ids text[])
RETURNS TABLE (document_id text, source_id text, source_name text, name text, indexed_version text, indexed_run_id text)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM set_config('aos.tenant', p_tenant, true);
  RETURN QUERY SELECT d.document_id::text, d.source_id::text, s.name::text, d.name::text, d.indexed_version::text,
      d.indexed_run_id::text
    FROM knowledge_documents d JOIN knowledge_sources s ON s.source_id = d.source_id
    WHERE d.plane_id = p_plane AND d.document_id = ANY (p_ids) AND d.deleted_at IS NULL
      AND d.classified_version = d.indexed_version;
END $$;

-- Which migrations were applied is the owner's to say; a grant on all tables had reached this one where Prisma made it.
DO $$
BEGIN
  IF to_regclass('public._prisma_migrations') IS NOT NULL THEN
    REVOKE ALL ON public._prisma_migrations FROM aos_app, aos_system, aos_auditor;
  END IF;
END $$;
