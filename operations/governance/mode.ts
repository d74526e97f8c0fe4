import { sql } from 'kysely';
import type { GovernanceMode, SwitchScope } from '../../contracts/switches';
import type { Bound } from '../define';

/** The mode of one scope by its own switches, whoever owns them: KILL before DEGRADED before NORMAL. */
export async function readMode(
  { tx }: Bound,
  { scope, scopeId, tenantId }: { scope: SwitchScope; scopeId: string; tenantId: string | null },
): Promise<GovernanceMode> {
  const { rows } = await sql<{ kind: string }>`
    select kind from runtime_switches
    where enabled and scope_type = ${scope} and coalesce(scope_id, '') = ${scopeId}
      and tenant_id is not distinct from ${tenantId}`.execute(tx);
  if (rows.some(({ kind }) => kind === 'kill')) return 'KILL';
  return rows.some(({ kind }) => kind === 'degraded') ? 'DEGRADED' : 'NORMAL';
}
