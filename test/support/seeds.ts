import { randomBytes } from 'node:crypto';
import type { Client } from 'pg';
import { stateValues, type State } from './lifecycle-tables';

export interface SeededPlane {
  readonly planeId: string;
  readonly sourceId: string;
}

const hex = (bytes: number) => randomBytes(bytes).toString('hex');

/** A plane with one upload source in any state, put there by hand: for states that no request reaches. */
export async function seedPlane(owner: Client, tenantId: string, state: State): Promise<SeededPlane> {
  const planeId = `kp_${hex(6)}`;
  const sourceId = `src_${hex(6)}`;
  await owner.query(
    `insert into knowledge_planes (plane_id, tenant_id, name, status, lifecycle_state_value, created_by)
      values ($1, $2, $3, $4, $5, 'test')`,
    [planeId, tenantId, `seeded ${planeId}`, state.toLowerCase(), stateValues[state]],
  );
  await owner.query(
    `insert into knowledge_sources (source_id, plane_id, tenant_id, source_type, name, position, config)
      values ($1, $2, $3, 'upload', 'uploads', 0, '{}')`,
    [sourceId, planeId, tenantId],
  );
  return { planeId, sourceId };
}

/** A job of the plane that a switch ended, so that what is left to do is a retry. */
export async function seedKilledJob(owner: Client, { planeId }: SeededPlane, kind: string): Promise<void> {
  await owner.query(
    `insert into knowledge_jobs (job_id, plane_id, tenant_id, kind, status, workflow_id, requester, attempt, ended_at)
      select 'job_' || plane_id, plane_id, tenant_id, $2, 'killed', 'plane:' || tenant_id || ':' || plane_id, '{}', 1, now()
      from knowledge_planes where plane_id = $1`,
    [planeId, kind],
  );
  await owner.query(`update knowledge_planes set next_action = 'retry_knowledge_plane' where plane_id = $1`, [planeId]);
}

/** An active policy bound to the plane, put there by hand. */
export async function seedBinding(owner: Client, tenantId: string, planeId: string): Promise<string> {
  const policyId = `pol_${hex(6)}`;
  await owner.query(
    `insert into policies (policy_id, tenant_id, name, enforcement_mode, status, conditions, created_by)
      values ($1, $2, $1, 'BLOCK', 'ACTIVE', $3, 'test')`,
    [policyId, tenantId, JSON.stringify({ allowed_plane_ids: [planeId] })],
  );
  await owner.query(
    `insert into plane_policy_bindings (plane_id, policy_id, tenant_id, bound_by) values ($1, $2, $3, 'test')`,
    [planeId, policyId, tenantId],
  );
  return policyId;
}

/** All that a plane is in the database, for comparing it before and after. */
export async function planeRows(owner: Client, planeId: string): Promise<unknown> {
  const { rows } = await owner.query(
    `select to_jsonb(p) as plane,
      (select jsonb_agg(to_jsonb(s) order by s.source_id) from knowledge_sources s where s.plane_id = p.plane_id) as sources,
      (select jsonb_agg(to_jsonb(d) order by d.document_id) from knowledge_documents d where d.plane_id = p.plane_id) as documents,
      (select jsonb_agg(to_jsonb(j) order by j.job_id) from knowledge_jobs j where j.plane_id = p.plane_id) as jobs,
      (select jsonb_agg(to_jsonb(t) order by t.id) from knowledge_lifecycle_transitions t where t.plane_id = p.plane_id) as history,
      (select jsonb_agg(to_jsonb(b) order by b.id) from plane_policy_bindings b where b.plane_id = p.plane_id) as bindings,
      (select count(*)::int from event_outbox o where o.payload->>'planeId' = p.plane_id) as messages
    from knowledge_planes p where p.plane_id = $1`,
    [planeId],
  );
  return rows[0];
}
