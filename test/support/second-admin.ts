import { contextOf, newKey } from './operations';
import type { TestStack } from './stack';

type Stack = Pick<TestStack, 'api' | 'as' | 'dispatch'>;

/** Decides approvals, and stands behind no key that calls, as the first administrator does. */
export async function aSecondAdmin({ api, as, dispatch }: Stack) {
  const { body } = await api().post('/api-keys', { name: 'second', role: 'admin' });
  const context = contextOf(as('admin').tenantId, body.data.key_id);
  return (approvalId: string, decision: 'approve' | 'deny') =>
    dispatch(context, 'tools.approvals.decide', {
      params: { approvalId, decision, reason: 'looked at it' },
      idempotencyKey: newKey(),
    });
}
