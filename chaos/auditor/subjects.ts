/** Where an id of a name stands as a key of its own, and how its row names its tenant. */
export const owners: Readonly<Record<string, { readonly table: string; readonly key: string }>> = {
  plane_id: { table: 'knowledge_planes', key: 'plane_id' },
  source_id: { table: 'knowledge_sources', key: 'source_id' },
  document_id: { table: 'knowledge_documents', key: 'document_id' },
  job_id: { table: 'knowledge_jobs', key: 'job_id' },
  active_job_id: { table: 'knowledge_jobs', key: 'job_id' },
  index_run_id: { table: 'knowledge_index_runs', key: 'index_run_id' },
  policy_id: { table: 'policies', key: 'policy_id' },
  snapshot_id: { table: 'policy_snapshots', key: 'snapshot_id' },
  policy_snapshot_id: { table: 'policy_snapshots', key: 'snapshot_id' },
  evidence_id: { table: 'retrieval_evidence', key: 'id' },
  switch_id: { table: 'runtime_switches', key: 'switch_id' },
  pause_id: { table: 'run_pauses', key: 'pause_id' },
  intent_id: { table: 'effect_intents', key: 'intent_id' },
  template_id: { table: 'sql_templates', key: 'template_id' },
  key_id: { table: 'api_keys', key: 'key_id' },
};
