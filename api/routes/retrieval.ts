import { CounterKey } from '../../contracts/api/common';
import { PlanePath } from '../../contracts/api/knowledge';
import { EvidencePath, EvidenceQuery, EvidenceView, RetrievalData } from '../../contracts/api/retrieval';
import { refusal } from '../../contracts/errors';
import { AnyPayload, RetrievalRequest } from '../../contracts/retrieval';
import { findEvidence, listEvidence } from '../../prisma/reads/evidence';
import { listRoute, mapPage, route, type Route } from '../route';
import type { ApiServices } from '../services';
import { toEvidenceView } from '../views/evidence';

const tag = 'Retrieval';

// Parsed by the mediator like every payload, so that a malformed one leaves evidence.

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
        examples: {
          'a question': {
            plane_id: 'kp_0123456789ab',
            action: 'query',
            payload: { query: 'How many days of annual leave do employees get?', top_k: 3 },
          },
          'documents by their ids': {
            plane_id: 'kp_0123456789ab',
            action: 'retrieve',
            payload: { document_ids: ['doc_0123456789ab'] },
          },
          'what there is': { plane_id: 'kp_0123456789ab', action: 'list', payload: { limit: 100 } },
        },
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
    route(
      {
        method: 'post',
        path: '/knowledge/{plane_id}/query',
        operationId: 'knowledge.query',
        summary: 'The endpoint of one ACTIVE plane: as retrieval.execute with action query',
        tag,
        permission: 'query:planes',
        successStatus: 200,
        params: PlanePath,
        body: AnyPayload,
        examples: { 'a question': { query: 'How many days of annual leave do employees get?', top_k: 3 } },
        data: RetrievalData,
        errors: ['resource_not_found', 'invalid_state', 'policy_violation', 'action_blocked', 'tenant_suspended'],
      },
      async ({ context, params, body }) => {
        const {
          hits,
          documents: _none,
          ...answer
        } = await retrieve(context, {
          plane_id: params.plane_id,
          action: 'query',
          payload: body,
        });
        return { ...answer, hits: [...hits] };
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
