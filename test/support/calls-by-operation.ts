import { randomUUID } from 'node:crypto';
import { toolCallWorkflowId } from '../../operations/tools/calls/call-id';
import type { CallEnd } from '../../operations/tools/calls/settle-call';
import { systemContext } from '../../operations/system-context';
import { newKey, type TestOperations } from './operations';
import type { RegisteredServer } from './tool-server';

/** Calls that only their operations carry on: nobody starts their workflow, and nothing is sent. */
export function callsByOperation(core: TestOperations, server: RegisteredServer) {
  const input = { id: 'a' };
  const asSystem = () => systemContext(core.as('admin').tenantId, 'tool-call');

  /** Takes a call on. */
  async function aCall(tool: string) {
    const context = core.as('developer');
    const invocationId = `inv_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
    const workflowId = toolCallWorkflowId(context.tenantId, context.actor.id, newKey());
    await core.dispatch(context, 'tools.calls.request', {
      params: {
        ...{ invocationId, workflowId, serverId: server.serverId, toolId: server.tools[tool] ?? '' },
        arguments: input,
        sealedArguments: 'AAAA',
      },
      idempotencyKey: '',
    });
    return { invocationId, workflowId };
  }

  /** Dispatches it, and says under which intent. */
  async function dispatched(tool: string) {
    const { invocationId } = await aCall(tool);
    const intentId = randomUUID();
    const params = { invocationId, serverId: server.serverId, intentId, arguments: input };
    await core.dispatch(core.as('developer'), 'tools.calls.start', { params, idempotencyKey: '' });
    return { invocationId, intentId };
  }

  /** Asks for another attempt in the place of a lost one. */
  async function again({ invocationId, intentId: lost }: { invocationId: string; intentId: string }) {
    const intentId = randomUUID();
    const attempt = { invocationId, serverId: server.serverId, intentId, arguments: input };
    const params = { ...attempt, lost: { intentId: lost, reason: 'network_error' } };
    const answer = await core.dispatch(core.as('developer'), 'tools.calls.retry', { params, idempotencyKey: '' });
    return { invocationId, intentId, started: answer.started };
  }

  const settle = (invocationId: string, intentId: string, end: CallEnd) =>
    core.dispatch(asSystem(), 'tools.calls.settle', { params: { invocationId, intentId, end }, idempotencyKey: '' });

  const close = (invocationId: string, why: 'killed' | 'failed') =>
    core.dispatch(asSystem(), 'tools.calls.close', {
      params: { invocationId, why, reason: 'internal_error', message: 'ended' },
      idempotencyKey: '',
    });

  return { aCall, dispatched, again, settle, close };
}
