import type { TestOperations } from './operations';

/** Recording a kill, throwing a switch and refusing are what still commits in a stopped scope. */
const exemptEvents = [
  'job.killed_by_switch',
  'OperationRefused',
  'AccessRefused',
  'LIFECYCLE_BLOCKED',
  'MessageRefused',
  'governance_disabled',
  'governance_enabled',
  'GovernanceModeChanged',
];

const parts = {
  planes: `select plane_id, status, version, endpoint from knowledge_planes where plane_id = any($1)`,
  transitions: `select transition_id from knowledge_lifecycle_transitions where plane_id = any($1)`,
  documents: `select document_id, status, version, indexed_version, classified_version, chunk_count
    from knowledge_documents where plane_id = any($1)`,
  stages: `select job_id, stage, percentage, checkpoint from plane_stage_progress where plane_id = any($1)`,
  indexings: `select x.index_run_id, x.document_id, x.version from knowledge_document_indexings x
    join knowledge_index_runs r using (index_run_id) where r.plane_id = any($1)`,
  committedRuns: `select index_run_id from knowledge_index_runs where plane_id = any($1) and status = 'committed'`,
  findings: `select document_id, kind, start_offset from knowledge_findings where plane_id = any($1)`,
  jobs: `select job_id, kind from knowledge_jobs where plane_id = any($1)`,
} as const;

/** All that governed work on these planes has committed so far, in a form that can be compared. */
export async function committedWork(
  { owner }: Pick<TestOperations, 'owner'>,
  planeIds: readonly string[],
): Promise<Record<string, unknown[]>> {
  const found: Record<string, unknown[]> = {};
  for (const [part, query] of Object.entries(parts)) {
    found[part] = sorted((await owner.query(query, [planeIds])).rows);
  }
  const { rows } = await owner.query(
    `select event_id, event_type from audit_events where plane_id = any($1) and event_type <> all($2)`,
    [planeIds, exemptEvents],
  );
  return { ...found, events: sorted(rows) };
}

function sorted(rows: readonly unknown[]): unknown[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}
