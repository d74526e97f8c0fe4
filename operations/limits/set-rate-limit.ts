import { z } from 'zod';
import { refusal } from '../../contracts/errors';
import { formatRate, limitedSubjects, type LimitedSubject } from '../../contracts/rate-limits';
import { identifier, text } from '../../contracts/text';
import { requestsMax, secondsMax } from '../../contracts/api/rate-limits';
import { defineOperation, type Bound } from '../define';

const subjectParams = { subjectType: z.enum(limitedSubjects), subjectId: identifier };

/** Gives a tenant, a key or a plane a limit other than the default; it holds from the next request on. */
export const setRateLimit = defineOperation({
  name: 'limits.rates.set',
  permission: 'manage:tenants',
  params: z.strictObject({
    ...subjectParams,
    requests: z.int().min(1).max(requestsMax),
    seconds: z.int().min(1).max(secondsMax),
    reason: text(1000),
  }),
  fence: 'fenced',
  loadFacts: (work, { subjectType, subjectId }) => loadSubject(work, subjectType, subjectId),

  async handle(work, { params, facts: { tenantId, current } }) {
    const { subjectType, subjectId, requests, seconds, reason } = params;
    if (tenantId === undefined) throw noSuchSubject(subjectType);
    const changed = { requests, seconds, reason, set_by: work.context.actor.id, set_at: new Date() };
    await work.tx
      .insertInto('rate_limits')
      .values({ subject_type: subjectType, subject_id: subjectId, tenant_id: tenantId, ...changed })
      .onConflict((conflict) => conflict.columns(['subject_type', 'subject_id']).doUpdateSet(changed))
      .execute();
    const auditEventId = work.audit({
      type: 'RateLimitChanged',
      outcome: 'success',
      resource: { type: 'rate_limit', id: subjectId },
      evidence: {
        subject_type: subjectType,
        tenant_id: tenantId,
        from: current === undefined ? null : formatRate(current),
        to: formatRate({ requests, seconds }),
        reason,
      },
    });
    return { subjectType, subjectId, tenantId, requests, seconds, auditEventId };
  },
});

/** Takes the limit of a subject's own away; the default holds again. */
export const clearRateLimit = defineOperation({
  name: 'limits.rates.clear',
  permission: 'manage:tenants',
  params: z.strictObject(subjectParams),
  fence: 'fenced',
  loadFacts: (work, { subjectType, subjectId }) => loadSubject(work, subjectType, subjectId),

  async handle(work, { params: { subjectType, subjectId }, facts: { current } }) {
    if (current === undefined) throw refusal('NOT_FOUND', 'this subject has no limit of its own');
    await work.tx
      .deleteFrom('rate_limits')
      .where('subject_type', '=', subjectType)
      .where('subject_id', '=', subjectId)
      .execute();
    const tenantId = current.tenant_id;
    const auditEventId = work.audit({
      type: 'RateLimitChanged',
      outcome: 'success',
      resource: { type: 'rate_limit', id: subjectId },
      evidence: {
        subject_type: subjectType,
        tenant_id: tenantId,
        from: formatRate(current),
        to: null,
        reason: 'back to the default',
      },
    });
    return { subjectType, subjectId, tenantId, auditEventId };
  },
});

async function loadSubject({ tx }: Bound, subjectType: LimitedSubject, subjectId: string) {
  const current = await tx
    .selectFrom('rate_limits')
    .select(['tenant_id', 'requests', 'seconds'])
    .where('subject_type', '=', subjectType)
    .where('subject_id', '=', subjectId)
    .forUpdate()
    .executeTakeFirst();
  const { table, id } = tables[subjectType === 'key' && subjectId.startsWith('idn_') ? 'identity' : subjectType];
  const found = await tx.selectFrom(table).select('tenant_id').where(id, '=', subjectId).executeTakeFirst();
  return { current, tenantId: found?.tenant_id };
}

const tables = {
  tenant: { table: 'tenants', id: 'tenant_id' },
  key: { table: 'api_keys', id: 'key_id' },
  // Whoever comes by token has the limit of a key, under its own id.
  identity: { table: 'iam_identities', id: 'identity_id' },
  plane: { table: 'knowledge_planes', id: 'plane_id' },
} as const satisfies Record<LimitedSubject | 'identity', { table: string; id: string }>;

function noSuchSubject(subjectType: LimitedSubject) {
  if (subjectType === 'tenant') return refusal('TENANT_NOT_FOUND', 'there is no such tenant');
  if (subjectType === 'plane') return refusal('PLANE_NOT_FOUND', 'there is no such plane');
  return refusal('NOT_FOUND', 'there is no such key');
}
