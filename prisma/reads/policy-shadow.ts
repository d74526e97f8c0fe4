import type { ShadowView } from '../../contracts/api/policies';
import type { PrismaClient } from '../client';
import { readAs } from './read-as';

const callsMax = 50_000;

interface Asked {
  readonly policyId: string;
  readonly since: Date;
  readonly until: Date;
}

interface Row {
  readonly calls: number;
  readonly allow: number;
  readonly deny: number;
  readonly hold: number;
  readonly failed: number;
}

/** Counts what stands with the calls of a period as said by a policy without effect. */
export function countShadow(prisma: PrismaClient, tenantId: string, asked: Asked): Promise<ShadowView> {
  const { policyId, since, until } = asked;
  return readAs(prisma, tenantId, async (tx) => {
    const [row] = await tx.$queryRaw<Row[]>`
      select count(*)::int as calls,
        count(*) filter (where said @? ${pathOf('@.effect == "allow"')}::jsonpath)::int as allow,
        count(*) filter (where said @? ${pathOf('@.effect == "deny"')}::jsonpath)::int as deny,
        count(*) filter (where said @? ${pathOf('@.effect == "require_approval"')}::jsonpath)::int as hold,
        count(*) filter (where said @? ${pathOf('exists(@.failure)')}::jsonpath)::int as failed
      from (select jsonb_path_query_array(jsonb_build_array(decision->'shadow', decision->'warnings'),
            '$[*][*] ? (@.policyId == $id)', jsonb_build_object('id', ${policyId}::text)) as said
          from mcp_tool_calls
          where tenant_id = ${tenantId} and requested_at >= ${since} and requested_at < ${until}
          order by requested_at desc limit ${callsMax + 1}) c`;
    if (row === undefined) throw new Error('a count gave no row');
    return {
      policy_id: policyId,
      since: since.toISOString(),
      until: until.toISOString(),
      calls: Math.min(row.calls, callsMax),
      truncated: row.calls > callsMax,
      would: { allow: row.allow, deny: row.deny, require_approval: row.hold },
      failed: row.failed,
    };
  });
}

const pathOf = (condition: string) => `$[*] ? (${condition})`;
