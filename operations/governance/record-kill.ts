import { z } from 'zod';
import { text } from '../../contracts/text';
import { defineOperation } from '../define';
import { setSwitch } from './set-switch';

/**
 * Records the kill signal as a switch on the execution itself, so that the fence holds for what it still has in
 * flight. It is never released: a retry starts a new execution.
 */
export const recordKill = defineOperation({
  name: 'governance.kills.record',
  permission: 'system:execute',
  params: z.strictObject({ workflowId: z.string().max(256), executionRunId: z.string().max(128), reason: text(1000) }),
  fence: 'throwing-and-releasing-switches',
  loadFacts: async () => ({}),

  async handle(work, { params: { executionRunId, reason } }) {
    const { tenantId } = work.context;
    const target = { kind: 'kill', scope: 'run', scopeId: executionRunId, tenantId, owner: 'operator' } as const;
    return setSwitch(work, target, { enabled: true, reason });
  },
  barriers: ({ scopeId }) => [{ type: 'run', id: scopeId }],
});
