import { CounterKey } from '../../contracts/api/common';
import { EvidencePath, EvidenceQuery, EvidenceView, RetrievalData } from '../../contracts/api/retrieval';
import { refusal } from '../../contracts/errors';
import { RetrievalRequest } from '../../contracts/retrieval';
import { findEvidence, listEvidence } from '../../prisma/reads/evidence';
import { listRoute, mapPage, route, type Route } from '../route';
import type { ApiServices } from '../services';
import { toEvidenceView } from '../views/evidence';

const tag = 'Retrieval';

export function retrievalRoutes({ prisma, retrieve }: ApiServices): Route[] {
  return [
    route(
      {
        method: 'post',
        path: '/retrieval/execute',
        operationId: 'retrieval.execute',
        summary: 'Ask an ACTIVE plane; the evidence is committed before anything is released',
        tag,
        permission: 'query:planes',
        successStatus: 200,
        body: RetrievalRequest,
        data: RetrievalData,
        errors: ['resource_not_found', 'invalid_state', 'policy_violation', 'action_blocked', 'tenant_suspended'],
        meta: ({ next_cursor: next }) =>
          next === undefined ? {} : { next_cursor: next, has_more: typeof next === 'string' },
      },
      async ({ context, body }) => {
        const { hits, documents, ...answer } = await retrieve(context, body);
        return { ...answer, hits: [...hits], ...(documents !== undefined && { documents: [...documents] }) };
      },
    ),
    listRoute(
      {
        path: '/retrieval/evidence',
        operationId: 'evidence.list',
        summary: 'The record of every retrieval, allowed or denied, newest first',
        tag,
        permission: 'read:retrieval',
        query: EvidenceQuery,
        item: EvidenceView,
        key: CounterKey,
      },
      async ({ context, query, page }) => {
        const filters = { planeId: query.plane_id, runId: query.run_id, decision: query.decision };
        return mapPage(await listEvidence(prisma, context.tenantId, { filters, ...page }), toEvidenceView);
      },
    ),
    route(
      {
        method: 'get',
        path: '/retrieval/evidence/{evidence_id}',
        operationId: 'evidence.get',
        summary: 'One record of a retrieval',
        tag,
        permission: 'read:retrieval',
        successStatus: 200,
        params: EvidencePath,
        data: EvidenceView,
        errors: ['resource_not_found'],
      },
      async ({ context, params }) => {
        const row = await findEvidence(prisma, context.tenantId, params.evidence_id);
        if (row === null) throw refusal('NOT_FOUND', 'there is no such evidence');
        return toEvidenceView(row);
      },
    ),
  ];
}
