import type { PrismaClient, Transaction } from '../client';
import type { McpToolCall, McpToolInvocation } from '../generated/client';
import { approvalOfCall, type ApprovalRow } from './approvals';
import { findEarlierEffects, findEffect, type EffectRow } from './effects';
import { pageOf, type PageOf, type PageRequest } from './page';
import { readAs } from './read-as';

export interface ResolvedInvocation {
  readonly invocation: McpToolInvocation;
  /** What was said later of an outcome that nobody knew. */
  readonly resolution: McpToolInvocation | undefined;
}

/** The calls of a server by their evidence, newest first; undefined when the tenant never had the server. */
export function listInvocations(
  prisma: PrismaClient,
  tenantId: string,
  { serverId, limit, after }: PageRequest<string> & { readonly serverId: string },
): Promise<PageOf<ResolvedInvocation, string> | undefined> {
  return readAs(prisma, tenantId, async (tx) => {
    const server = await tx.mcpServer.findFirst({ where: { tenantId, serverId }, select: { name: true } });
    if (server === null) return undefined;
    const found = await tx.mcpToolInvocation.findMany({
      where: { tenantId, serverId, first: true, ...(after !== undefined && { id: { lt: BigInt(after) } }) },
      orderBy: { id: 'desc' },
      take: limit + 1,
    });
    const page = pageOf(found, limit, ({ id }) => String(id));
    return { ...page, rows: await withResolutions(tx, tenantId, page.rows) };
  });
}

async function withResolutions(
  tx: Transaction,
  tenantId: string,
  rows: readonly McpToolInvocation[],
): Promise<ResolvedInvocation[]> {
  const unknown = rows.filter(({ outcome }) => outcome === 'unknown').map(({ invocationId }) => invocationId);
  const said = await tx.mcpToolInvocation.findMany({
    where: { tenantId, invocationId: { in: unknown }, first: false },
    orderBy: { id: 'desc' },
  });
  // The first that was said stays: it overwrites those after it.
  const byCall = new Map(said.map((row) => [row.invocationId, row]));
  return rows.map((invocation) => ({ invocation, resolution: byCall.get(invocation.invocationId) }));
}

export interface CallRecord {
  readonly serverName: string;
  /** Absent for a call that was denied when it was asked for: that leaves evidence only. */
  readonly call: Omit<McpToolCall, 'input' | 'output'> | undefined;
  readonly approval: ApprovalRow | undefined;
  readonly effect: EffectRow | undefined;
  /** Of the attempts before, where it was sent again. */
  readonly earlier: readonly EffectRow[];
  readonly evidence: readonly McpToolInvocation[];
}

/** All that is known of a call of this server but its arguments and its result. */
export function findCallRecord(
  prisma: PrismaClient,
  tenantId: string,
  { serverId, invocationId }: { readonly serverId: string; readonly invocationId: string },
): Promise<CallRecord | undefined> {
  return readAs(prisma, tenantId, async (tx) => {
    const server = await tx.mcpServer.findFirst({ where: { tenantId, serverId }, select: { name: true } });
    if (server === null) return undefined;
    const where = { tenantId, serverId, invocationId };
    const call = await tx.mcpToolCall.findFirst({ where, omit: { input: true, output: true } });
    const evidence = await tx.mcpToolInvocation.findMany({ where, orderBy: { id: 'asc' } });
    if (call === null && evidence.length === 0) return undefined;
    return {
      serverName: server.name,
      call: call ?? undefined,
      evidence,
      approval: call === null ? undefined : await approvalOfCall(tx, tenantId, invocationId),
      effect: typeof call?.intentId === 'string' ? await findEffect(tx, tenantId, call.intentId) : undefined,
      earlier:
        typeof call?.intentId === 'string'
          ? await findEarlierEffects(tx, tenantId, { subject: `tool:${invocationId}`, intentId: call.intentId })
          : [],
    };
  });
}
