import { sql } from 'kysely';
import { z } from 'zod';
import { fanOutWorkflowId } from '../../contracts/workflow-ids';
import { defineOperation, type Work } from '../define';
import type { SwitchChange } from './set-switch';

/** Leaves the report of a throw and the message that starts the workflow which fills it. */
export async function beginFanOut(work: Work, change: SwitchChange): Promise<void> {
  const { switchId, epoch, scope } = change;
  const workflowId = fanOutWorkflowId(scope, switchId, epoch);
  await work.tx
    .insertInto('switch_fan_outs')
    .values({
      switch_id: switchId,
      epoch: String(epoch),
      tenant_id: work.context.tenantId,
      workflow_id: workflowId,
    })
    .execute();
  const requester = { ...work.context };
  work.enqueue({ topic: 'switch.fan_out', workflowId, payload: { switchId, epoch, scope, requester } });
}

const Throw = { switchId: z.string().max(64), epoch: z.int().min(1) };
const workflowId = z.string().max(256);

/** Writes down which workflows the kill signal was sent to. A workflow is counted once, however often it was signalled. */
export const recordFanOut = defineOperation({
  name: 'governance.fan_out.record',
  permission: 'system:execute',
  params: z.strictObject({
    ...Throw,
    targets: z.array(z.strictObject({ workflowId, signalled: z.boolean() })).max(1_000),
  }),
  fence: 'recording-a-kill',
  loadFacts: async () => ({}),

  async handle(work, { params: { switchId, epoch, targets } }) {
    if (targets.length > 0) {
      await sql`
        insert into switch_fan_out_targets as t (switch_id, epoch, workflow_id, tenant_id, signalled)
        select ${switchId}, ${epoch}::bigint, u.workflow_id, ${work.context.tenantId}, u.signalled
        from unnest(${targets.map((target) => target.workflowId)}::text[],
          ${targets.map(({ signalled }) => signalled)}::boolean[]) as u (workflow_id, signalled)
        on conflict (switch_id, epoch, workflow_id) do update set signalled = t.signalled or excluded.signalled`.execute(
        work.tx,
      );
    }
    await sql`
      update switch_fan_outs set status = 'running', started_at = coalesce(started_at, now())
      where switch_id = ${switchId} and epoch = ${epoch} and status in ('queued', 'running')`.execute(work.tx);
    const signalled = targets.filter((target) => target.signalled).length;
    work.audit({
      type: 'KillFannedOut',
      outcome: 'pending',
      resource: { type: 'switch', id: switchId },
      evidence: { epoch, counts: { seen: targets.length, signalled } },
    });
    return {};
  },
});

/** Closes the report: how many were reached, and which were still running when the sweep gave up on them. */
export const endFanOut = defineOperation({
  name: 'governance.fan_out.end',
  permission: 'system:execute',
  params: z.strictObject({
    ...Throw,
    status: z.enum(['completed', 'superseded']),
    survivors: z.int().min(0),
    survivorIds: z.array(workflowId).max(100),
  }),
  fence: 'recording-a-kill',
  loadFacts: async () => ({}),

  async handle(work, { params: { switchId, epoch, status, survivors, survivorIds } }) {
    await sql`
      update switch_fan_outs set status = ${status}, survivors = ${survivors},
        survivor_ids = ${JSON.stringify(survivorIds)}::jsonb, started_at = coalesce(started_at, now()), ended_at = now()
      where switch_id = ${switchId} and epoch = ${epoch} and status in ('queued', 'running')`.execute(work.tx);
    const { rows } = await sql<{ seen: number; signalled: number }>`
      select count(*)::int as seen, (count(*) filter (where signalled))::int as signalled
      from switch_fan_out_targets where switch_id = ${switchId} and epoch = ${epoch}`.execute(work.tx);
    const { seen = 0, signalled = 0 } = rows[0] ?? {};
    const counts = { seen, signalled, ended: Math.max(0, seen - survivors), survivors };
    work.audit({
      type: 'KillFannedOut',
      outcome: status === 'superseded' ? 'skipped' : survivors === 0 ? 'success' : 'failure',
      resource: { type: 'switch', id: switchId },
      evidence: { epoch, counts },
    });
    return counts;
  },
});
