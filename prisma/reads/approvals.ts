import type { TimeKey } from '../../contracts/api/common';
import type { ApprovalStatus } from '../../contracts/tool-calls';
import type { PrismaClient, Transaction } from '../client';
import { Prisma, type McpToolApprovalVote } from '../generated/client';
import { pageOf, type PageOf, type PageRequest } from './page';
import { readAs } from './read-as';

interface AskedRow {
  readonly approval_id: string;
  readonly invocation_id: string;
  readonly server_id: string;
  readonly server_name: string;
  readonly tool_id: string;
  readonly tool_name: string;
  readonly risk_level: string;
  readonly reason: string;
  readonly input_preview: string | null;
  readonly input_hash: string;
  readonly definition_hash: string;
  readonly policy_snapshot_id: string | null;
  readonly requested_by: string;
  readonly requested_at: Date;
  readonly expires_at: Date;
  readonly approvers_needed: number;
  readonly decision: string | null;
  readonly decided_at: Date | null;
  readonly used_at: Date | null;
  readonly call_state: string;
  readonly call_outcome: string | null;
}

export interface ApprovalRow extends AskedRow {
  readonly votes: readonly McpToolApprovalVote[];
}

interface ApprovalFilter extends PageRequest<TimeKey> {
  readonly status: ApprovalStatus | undefined;
}

const byStatus: Readonly<Record<ApprovalStatus, Prisma.Sql>> = {
  pending: Prisma.sql`a.decision is null`,
  decided: Prisma.sql`a.decision is not null`,
};
const always = Prisma.sql`true`;

/** What the tenant's people are asked, or were, newest first. */
export function listApprovals(
  prisma: PrismaClient,
  tenantId: string,
  { status, limit, after }: ApprovalFilter,
): Promise<PageOf<ApprovalRow, TimeKey>> {
  const asked = status === undefined ? always : byStatus[status];
  const behind =
    after === undefined
      ? always
      : Prisma.sql`(a.requested_at, a.approval_id) < (${after[0]}::timestamptz, ${after[1]})`;
  return readAs(prisma, tenantId, async (tx) => {
    const found = await readRows(tx, tenantId, Prisma.sql`${asked} and ${behind}`, limit + 1);
    const page = pageOf(found, limit, (row): TimeKey => [row.requested_at.toISOString(), row.approval_id]);
    return { ...page, rows: await withVotes(tx, tenantId, page.rows) };
  });
}

export function findApproval(
  prisma: PrismaClient,
  tenantId: string,
  approvalId: string,
): Promise<ApprovalRow | undefined> {
  return readAs(prisma, tenantId, (tx) => readOne(tx, tenantId, Prisma.sql`a.approval_id = ${approvalId}`));
}

export function approvalOfCall(
  tx: Transaction,
  tenantId: string,
  invocationId: string,
): Promise<ApprovalRow | undefined> {
  return readOne(tx, tenantId, Prisma.sql`a.invocation_id = ${invocationId}`);
}

async function readOne(tx: Transaction, tenantId: string, condition: Prisma.Sql): Promise<ApprovalRow | undefined> {
  return (await withVotes(tx, tenantId, await readRows(tx, tenantId, condition, 1)))[0];
}

function readRows(tx: Transaction, tenantId: string, condition: Prisma.Sql, limit: number): Promise<AskedRow[]> {
  return tx.$queryRaw<AskedRow[]>`
    select a.approval_id, a.invocation_id, a.server_id, s.name as server_name, a.tool_id, t.name as tool_name,
      t.risk_level, a.reason, c.input_preview, a.input_hash, a.definition_hash, a.policy_snapshot_id, a.requested_by,
      a.requested_at, a.expires_at, a.approvers_needed, a.decision, a.decided_at, a.used_at, c.state as call_state,
      c.outcome as call_outcome
    from mcp_tool_approvals a
    join mcp_tool_calls c on c.invocation_id = a.invocation_id
    join mcp_servers s on s.server_id = a.server_id
    join mcp_tools t on t.tool_id = a.tool_id
    where a.tenant_id = ${tenantId} and ${condition}
    order by a.requested_at desc, a.approval_id desc limit ${limit}`;
}

async function withVotes(tx: Transaction, tenantId: string, rows: readonly AskedRow[]): Promise<ApprovalRow[]> {
  const votes = await tx.mcpToolApprovalVote.findMany({
    where: { tenantId, approvalId: { in: rows.map(({ approval_id: id }) => id) } },
    orderBy: [{ decidedAt: 'asc' }, { decidedBy: 'asc' }],
  });
  const byApproval = new Map<string, McpToolApprovalVote[]>();
  for (const vote of votes) byApproval.set(vote.approvalId, [...(byApproval.get(vote.approvalId) ?? []), vote]);
  return rows.map((row) => ({ ...row, votes: byApproval.get(row.approval_id) ?? [] }));
}
