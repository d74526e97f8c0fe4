import { sql } from 'kysely';
import { simulationLimits, type PastCalls } from '../../contracts/api/policy-simulation';
import type { Bound, Work } from '../define';
import type { KeptDecision } from '../tools/calls/call-rows';
import { canonicalJson, sha256Hex } from '../transaction/canonical';

export interface PastCall {
  readonly invocation_id: string;
  readonly server_id: string;
  readonly tool_id: string | null;
  readonly tool_name: string;
  readonly actor_id: string | null;
  readonly actor_type: string;
  readonly input_hash: string;
  readonly invoked_at: Date;
  readonly outcome: string;
  readonly error_code: string | null;
  readonly policy_id: string | null;
  /** Null for a call that was denied when it was asked for. */
  readonly decision: KeptDecision | null;
  /** The arguments in canonical JSON, where the preview shows them whole. */
  readonly shown: string | undefined;
  /** Encrypted; undefined where they need not be opened, or are not kept. */
  readonly sealed: Buffer | undefined;
}

export interface PastCallSample {
  readonly calls: readonly PastCall[];
  readonly truncatedBy: 'calls' | 'bytes' | null;
}

interface Row extends Omit<PastCall, 'shown' | 'sealed'> {
  readonly input_preview: string | null;
  readonly input_bytes: number | null;
}

/** The newest calls that have ended, by their evidence, with as many of their arguments as may be opened at once. */
export async function samplePastCalls(work: Work, asked: PastCalls): Promise<PastCallSample> {
  const rows = await newestCalls(work, asked);
  const counted = rows.slice(0, asked.limit).map((row) => ({ row, shown: shownWhole(row) }));
  let bytes = 0;
  const within = counted.filter(({ row, shown }) => {
    bytes += shown === undefined ? (row.input_bytes ?? 0) : 0;
    return bytes <= simulationLimits.argumentBytes;
  });
  const needed = within.filter(({ row, shown }) => shown === undefined && row.input_bytes !== null);
  const sealed = await sealedArguments(
    work,
    needed.map(({ row }) => row.invocation_id),
  );
  const calls = within.map(({ row: { input_preview: _, input_bytes: __, ...row }, shown }) => ({
    ...row,
    ...{ shown, sealed: shown === undefined ? sealed.get(row.invocation_id) : undefined },
  }));
  const isWhole = rows.length <= asked.limit;
  return { calls, truncatedBy: within.length < counted.length ? 'bytes' : isWhole ? null : 'calls' };
}

async function newestCalls({ tx, context: { tenantId } }: Bound, asked: PastCalls): Promise<Row[]> {
  const { limit, server_id: serverId = null, tool_id: toolId = null, since = null, until = null } = asked;
  const { rows } = await sql<Row>`
    select i.invocation_id, i.server_id, i.tool_id, i.tool_name, i.actor_id, i.actor_type, i.input_hash, i.input_preview,
      i.invoked_at, i.outcome, i.error_code, i.policy_id, c.decision, octet_length(c.input) as input_bytes
    from mcp_servers s cross join lateral (
        select * from mcp_tool_invocations i
        where i.tenant_id = ${tenantId} and i.server_id = s.server_id and i.first
          and (${toolId}::text is null or i.tool_id = ${toolId})
          and (${since}::timestamptz is null or i.invoked_at >= ${since}::timestamptz)
          and (${until}::timestamptz is null or i.invoked_at < ${until}::timestamptz)
        order by i.id desc limit ${limit + 1}) i
      left join mcp_tool_calls c on c.invocation_id = i.invocation_id
    where s.tenant_id = ${tenantId} and (${serverId}::text is null or s.server_id = ${serverId})
    order by i.id desc limit ${limit + 1}`.execute(tx);
  return rows;
}

async function sealedArguments({ tx }: Bound, invocationIds: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
  if (invocationIds.length === 0) return new Map();
  const rows = await tx
    .selectFrom('mcp_tool_calls')
    .select(['invocation_id', 'input'])
    .where('invocation_id', 'in', invocationIds)
    .execute();
  return new Map(rows.flatMap(({ invocation_id: id, input }) => (input === null ? [] : [[id, input] as const])));
}

// Short arguments in which nothing had to be replaced stand in the preview as they came: then nothing need be opened.
function shownWhole({ input_preview: preview, input_hash: hash }: Row): string | undefined {
  if (preview === null) return undefined;
  try {
    const canonical = canonicalJson(JSON.parse(preview));
    return sha256Hex(canonical) === hash ? canonical : undefined;
  } catch {
    return undefined;
  }
}
