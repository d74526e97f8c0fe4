import { EngineError, errorRules } from '../../contracts/errors';
import type { ExecutionContext } from '../../contracts/execution-context';
import { newId } from '../../operations/ids';
import { toolCallWorkflowId } from '../../operations/tools/calls/call-id';
import { findInvocation } from '../../prisma/reads/gateway';
import type { GatewayServices } from './session';

/** Takes back the caller's call of this key. One that was sent, has ended or is not there stays as it is. */
export async function withdraw(
  { dispatch, prisma }: Pick<GatewayServices, 'dispatch' | 'prisma'>,
  context: ExecutionContext,
  key: string,
): Promise<void> {
  const { tenantId, actor } = context;
  const invocationId = await findInvocation(prisma, tenantId, toolCallWorkflowId(tenantId, actor.id, key));
  if (invocationId === undefined) return;
  try {
    await dispatch(context, 'tools.calls.withdraw', { params: { invocationId }, idempotencyKey: newId('withdraw-') });
  } catch (error) {
    const isTooLate = error instanceof EngineError && errorRules[error.code].category === 'permanent';
    if (!isTooLate) throw error;
  }
}
