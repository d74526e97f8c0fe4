import type { LedgerLine } from '../../ledger';
import { isSuccess } from '../calls';
import type { Finder } from '../check';

/**
 * While Postgres is known to be away, nothing can be asked of policy, switches or audit, so no call that was sent and
 * answered in that time may have succeeded. Lines of the ledger are in the order in which the load saw things.
 */
export function answeredInOutages(ledger: readonly LedgerLine[], look: Finder): void {
  let sent: Set<string> | undefined;
  for (const line of ledger) {
    if (line.kind === 'outage') sent = line.isOver ? undefined : new Set();
    else if (line.kind === 'sent') sent?.add(line.call.callId);
    else if (line.kind === 'answered' && sent?.has(line.call.callId) === true) {
      look.examined += 1;
      const { callId, tenantId, method, path } = line.call;
      if (isSuccess(line)) look.found('answered-in-outage', { call_id: callId, tenant_id: tenantId, method, path });
    }
  }
}
