import type { AuditEntry } from '../../contracts/audit';
import { platformTenantId } from '../../contracts/execution-context';
import { systemContext } from '../system-context';
import { appendAudit, prepareEvent } from '../transaction/audit';
import type { Database } from '../transaction/database';

/** Appends what changes for the trees of all tenants to that of the platform, in the transaction of the change. */
export async function recordSealingChange(
  tx: Database,
  action: 'sealing.epochs.open' | 'sealing.keys.rotate',
  entry: AuditEntry,
): Promise<void> {
  await appendAudit(tx, { context: systemContext(platformTenantId, 'sealer'), action }, [prepareEvent(entry)]);
}
