import { ApprovalPath, ApprovalQuery, ApprovalView, DecideBody, DecidedApproval } from '../../contracts/api/approvals';
import { TimeKey } from '../../contracts/api/common';
import { refusal } from '../../contracts/errors';
import { findApproval, listApprovals } from '../../prisma/reads/approvals';
import { listRoute, mapPage, route, type Route } from '../route';
import type { ApiServices } from '../services';
import { toApprovalView } from '../views/approval';

const tag = 'Tools';

export function approvalRoutes({ dispatch, prisma }: ApiServices): Route[] {
  return [
    listRoute(
      {
        path: '/approvals',
        operationId: 'approvals.list',
        summary: 'Calls of tools about which people are asked, or were, newest first',
        tag,
        permission: 'read:approvals',
        query: ApprovalQuery,
        item: ApprovalView,
        key: TimeKey,
      },
      async ({ context, page, query: { status } }) =>
        mapPage(await listApprovals(prisma, context.tenantId, { ...page, status }), toApprovalView),
    ),
    route(
      {
        method: 'get',
        path: '/approvals/{approval_id}',
        operationId: 'approvals.get',
        summary: 'One approval with what was said so far',
        tag,
        permission: 'read:approvals',
        successStatus: 200,
        params: ApprovalPath,
        data: ApprovalView,
        errors: ['resource_not_found'],
      },
      async ({ context, params }) => {
        const found = await findApproval(prisma, context.tenantId, params.approval_id);
        if (found === undefined) throw refusal('NOT_FOUND', 'there is no such approval; list them with GET /approvals');
        return toApprovalView(found);
      },
    ),
    route(
      {
        method: 'post',
        path: '/approvals/{approval_id}/decide',
        operationId: 'approvals.decide',
        summary: 'Approve or deny a waiting call; whoever asked for it, or stands behind who did, may not',
        tag,
        permission: 'decide:approvals',
        successStatus: 200,
        params: ApprovalPath,
        body: DecideBody,
        examples: {
          'a call that may go on': { decision: 'approve', reason: 'the note is a copy' },
          'a call that may not': { decision: 'deny', reason: 'nobody asked for this' },
        },
        data: DecidedApproval,
        errors: [
          ...(['resource_not_found', 'invalid_state', 'conflict', 'tool_blocked', 'action_blocked'] as const),
          'tenant_suspended',
        ],
      },
      async ({ context, params, body, idempotencyKey }) => {
        const decided = await dispatch(context, 'tools.approvals.decide', {
          params: { approvalId: params.approval_id, ...body },
          idempotencyKey,
        });
        return {
          approval_id: decided.approvalId,
          invocation_id: decided.invocationId,
          decision: decided.decision,
          approvals: decided.approvals,
          approvers_needed: decided.approversNeeded,
          audit_event_id: decided.auditEventId,
        };
      },
    ),
  ];
}
