import { freezeContext, type ExecutionContext } from '../contracts/execution-context';
import { newId } from './ids';

/** Under which the engine does its own work for a tenant: a request of its own, that nobody sent. */
export function systemContext(tenantId: string, part: string): ExecutionContext {
  const requestId = newId('req-');
  return freezeContext({
    tenantId,
    actor: { id: `system:${part}`, type: 'system' },
    requestId,
    traceId: newId('', 16),
    runId: requestId,
    source: 'reconciler',
  });
}
