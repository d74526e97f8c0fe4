import { z } from 'zod';
import { defineOperation } from '../define';

/** Records a message that reached a workflow without an execution context and was dropped. */
export const refuseMessage = defineOperation({
  name: 'governance.messages.refuse',
  permission: 'system:execute',
  params: z.strictObject({ workflowId: z.string().max(256), message: z.string().max(256) }),
  fence: 'refusal-audit',
  loadFacts: async () => ({}),
  async handle(work, { params: { workflowId, message } }) {
    work.audit({
      type: 'MessageRefused',
      outcome: 'blocked',
      resource: { type: 'workflow', id: workflowId },
      evidence: { message },
    });
    return {};
  },
});
