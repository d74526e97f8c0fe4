import { z } from 'zod';
import { text } from '../../contracts/text';
import { defineOperation, type Bound } from '../define';
import { setSwitch } from './set-switch';

/**
 * Records the kill signal as a switch on the execution itself, so that the fence holds for what it still has in
 * flight. It is never released: a retry starts a new execution.
 */
export const recordKill = defineOperation({
  name: 'governance.kills.record',
  permission: 'system:execute',
  params: z.strictObject({
    workflowId: z.string().max(256),
    executionRunId: z.string().max(128),
    reason: text(1000),
    /** The throw that sent the signal, where it was not a hand. */
    thrown: z.strictObject({ switchId: z.string().max(64), epoch: z.int().min(1) }).optional(),
  }),
  fence: 'throwing-and-releasing-switches',

  async loadFacts(work, { thrown }) {
    return { isStale: thrown !== undefined && !(await isInForce(work, thrown)) };
  },

  async handle(work, { params: { workflowId, executionRunId, reason }, facts: { isStale } }) {
    if (isStale) {
      const resource = { type: 'workflow', id: workflowId };
      work.audit({ type: 'MessageRefused', outcome: 'skipped', resource, evidence: { message: 'kill' } });
      return { recorded: false, scopeId: executionRunId, tenantId: work.context.tenantId };
    }
    const { tenantId } = work.context;
    const target = { kind: 'kill', scope: 'run', scopeId: executionRunId, tenantId, owner: 'operator' } as const;
    const { scopeId } = await setSwitch(work, target, { enabled: true, reason });
    return { recorded: true, scopeId, tenantId };
  },
  barriers: ({ recorded, scopeId, tenantId }) => (recorded ? [{ type: 'run', id: scopeId, tenantId }] : []),
});

// A signal may arrive after the release; what was started since then must not pay for it.
async function isInForce({ tx }: Bound, { switchId, epoch }: { switchId: string; epoch: number }): Promise<boolean> {
  const row = await tx
    .selectFrom('runtime_switches')
    .select(['enabled', 'epoch'])
    .where('switch_id', '=', switchId)
    .executeTakeFirst();
  return row?.enabled === true && Number(row.epoch) === epoch;
}
