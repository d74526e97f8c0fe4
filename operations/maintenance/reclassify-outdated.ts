import { sql } from 'kysely';
import { jobCapabilities } from '../../contracts/capabilities';
import { rulesVersion } from '../../contracts/classification';
import { EngineError } from '../../contracts/errors';
import { reclassifyStates } from '../../contracts/knowledge';
import type { Dispatch } from '../catalogue';
import { systemContext } from '../system-context';
import type { Database } from '../transaction/database';

/** So many planes are looked at again at a time, whatever their number: an upgrade must not stand in the way of work. */
const atOnceMax = 4;

interface OutdatedRow {
  readonly tenant_id: string;
  readonly plane_id: string;
  readonly last_job_id: string;
}

/**
 * Begins the re-classification of planes that older rules classified, the tenants in turn. What waits for a person
 * (a retry, a switch, a suspended tenant) is left alone. Returns the planes. `db` is of the system role.
 */
export async function reclassifyOutdated(
  db: Database,
  dispatch: Dispatch,
  { max = atOnceMax }: { max?: number } = {},
): Promise<readonly string[]> {
  const started: string[] = [];
  for (const row of await listOutdated(db, max)) {
    if (await begin(dispatch, row)) started.push(row.plane_id);
  }
  return started;
}

async function listOutdated(db: Database, max: number): Promise<readonly OutdatedRow[]> {
  const states = reclassifyStates.map((state) => state.toLowerCase());
  const { rows } = await sql<OutdatedRow>`
    with outdated as (
      select p.tenant_id, p.plane_id, p.classified_at,
        row_number() over (partition by p.tenant_id order by p.classified_at, p.plane_id) as turn
      from knowledge_planes p join tenants t on t.tenant_id = p.tenant_id
      where p.status = any(${states}::text[]) and coalesce(p.rules_version, 0) < ${rulesVersion}
        and p.active_job_id is null and p.next_action is null and t.status = 'active'
        and not exists (select from runtime_switches s where s.enabled and (s.scope_type = 'global'
          or (s.scope_type = 'tenant' and s.scope_id = p.tenant_id)
          or (s.scope_type = 'plane' and s.scope_id = p.plane_id)
          or (s.scope_type = 'capability' and s.scope_id = any(${jobCapabilities}::text[])
            and (s.tenant_id is null or s.tenant_id = p.tenant_id)))))
    select tenant_id, plane_id, (
      select j.job_id from knowledge_jobs j where j.plane_id = o.plane_id order by created_at desc, job_id limit 1
    ) as last_job_id
    from outdated o order by turn, classified_at, plane_id
    limit greatest(0, ${max} - (
      select count(*) from knowledge_jobs where kind = 'reclassify_documents' and status in ('queued', 'running')))`.execute(
    db,
  );
  return rows;
}

async function begin(dispatch: Dispatch, row: OutdatedRow): Promise<boolean> {
  const { tenant_id: tenantId, plane_id: planeId, last_job_id: lastJobId } = row;
  const context = systemContext(tenantId, 'reconciler');
  try {
    await dispatch(context, 'knowledge.planes.reclassify', {
      params: { planeId, documents: 'outdated' },
      // Two workers that look at the same moment begin one job; a job that came to nothing may be followed by another.
      idempotencyKey: `rules ${rulesVersion} after ${lastJobId}`.slice(0, 200),
    });
    return true;
  } catch (error) {
    // Somebody was faster, or a switch was thrown: the refusal is audited, and the next turn looks again.
    if (error instanceof EngineError) return false;
    throw error;
  }
}
