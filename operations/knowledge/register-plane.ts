import { sql } from 'kysely';
import { refusal } from '../../contracts/errors';
import { PlaneDefinition } from '../../contracts/knowledge-schemas';
import { defineOperation, type Bound, type Work } from '../define';
import { newId } from '../ids';
import { requireTemplate } from '../sql-templates/require-template';
import { applyTransition } from './apply-transition';
import { lockPlane } from './rows';
import { startJob } from './start-job';

/** Records a plane with its sources in DRAFT; with `onboard` its verification begins in the same transaction. */
export const registerPlane = defineOperation({
  name: 'knowledge.planes.register',
  permission: 'write:planes',
  params: PlaneDefinition,
  fence: 'fenced',
  capability: 'lifecycle.register',
  begins: 'work',

  async loadFacts({ tx, context }, { name }) {
    const namesake = await tx
      .selectFrom('knowledge_planes')
      .select('plane_id')
      .where('tenant_id', '=', context.tenantId)
      .where('name', '=', name)
      .executeTakeFirst();
    return { namesake: namesake?.plane_id };
  },

  async handle(work, { params, facts }) {
    if (facts.namesake !== undefined) throw refusal('name_taken', 'a plane of this name exists; choose another name');
    const sourceNames = new Set(params.sources.map(({ name }) => name));
    if (sourceNames.size !== params.sources.length) {
      throw refusal('validation_error', 'two sources have the same name', { details: { field: 'sources' } });
    }
    for (const source of params.sources) {
      if (source.source_type === 'sql') await requireTemplate(work, source.config);
    }
    const planeId = newId('kp_');
    await insertPlane(work, planeId, params);
    const auditEventId = work.audit({
      type: 'PlaneRegistered',
      outcome: 'success',
      planeId,
      resource: { type: 'plane', id: planeId },
      evidence: {
        name: params.name,
        plane_type: params.plane_type,
        source_types: params.sources.map(({ source_type }) => source_type),
      },
    });
    if (params.onboard) await beginOnboarding(work, planeId);
    return { planeId, auditEventId };
  },
});

async function insertPlane({ tx, context }: Bound, planeId: string, params: PlaneDefinition): Promise<void> {
  const { tenantId, actor } = context;
  await tx
    .insertInto('knowledge_planes')
    .values({
      plane_id: planeId,
      tenant_id: tenantId,
      name: params.name,
      plane_type: params.plane_type,
      description: params.description ?? null,
      default_policy: params.plane_type === 'public' ? 'ALLOW' : 'DENY',
      unreadable_tolerance: params.unreadable_tolerance,
      onboard: params.onboard,
      created_by: actor.id,
    })
    .execute();
  await tx
    .insertInto('knowledge_sources')
    .values(
      params.sources.map((source, position) => ({
        source_id: newId('src_'),
        plane_id: planeId,
        tenant_id: tenantId,
        source_type: source.source_type,
        name: source.name,
        position,
        config: sql`${JSON.stringify(source.config)}::jsonb`,
      })),
    )
    .execute();
}

async function beginOnboarding(work: Work, planeId: string): Promise<void> {
  const plane = await lockPlane(work, planeId);
  const jobId = await startJob(work, { plane, kind: 'verify_connectivity' });
  await applyTransition(work, { plane, to: 'PENDING_VERIFY', action: 'verify_knowledge_plane', jobId });
}
