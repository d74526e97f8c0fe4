import { EngineError, errorRules } from '../../contracts/errors';
import type { ExecutionContext } from '../../contracts/execution-context';
import { newId } from '../../operations/ids';
import { toolCallWorkflowId } from '../../operations/tools/calls/call-id';
import { findInvocation } from '../../prisma/reads/gateway';
import type { GatewayServices } from './session';

type WithdrawServices = Pick<GatewayServices, 'dispatch' | 'prisma'>;

/** Takes back the caller's call of this key. One that was sent, has ended or is not there stays as it is. */
export async function withdraw(services: WithdrawServices, context: ExecutionContext, key: string): Promise<void> {
  const { tenantId, actor } = context;
  const invocationId = await findInvocation(services.prisma, tenantId, toolCallWorkflowId(tenantId, actor.id, key));
  if (invocationId !== undefined) await withdrawCall(services, context, invocationId);
}

/** As `withdraw`, for a call that was found. */
export async function withdrawCall(
  { dispatch }: Pick<WithdrawServices, 'dispatch'>,
  context: ExecutionContext,
  invocationId: string,
): Promise<void> {
  try {
    await dispatch(context, 'tools.calls.withdraw', { params: { invocationId }, idempotencyKey: newId('withdraw-') });
  } catch (error) {
    const isTooLate = error instanceof EngineError && errorRules[error.code].category === 'permanent';
    if (!isTooLate) throw error;
  }
}
