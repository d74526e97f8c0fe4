import {
  ClassificationView,
  ClassifiedDocumentsQuery,
  ClassifiedDocumentView,
  ReclassificationView,
} from '../../contracts/api/classification';
import { PlanePath } from '../../contracts/api/knowledge';
import { DocumentId } from '../../contracts/knowledge-schemas';
import { findClassification, listClassifiedDocuments } from '../../prisma/reads/classification';
import { listRoute, mapPage, route, type Route } from '../route';
import type { ApiServices } from '../services';
import { toClassificationView, toClassifiedDocumentView } from '../views/classification';
import { planeNotFound } from './knowledge';

const tag = 'Knowledge planes';

export function classificationRoutes({ dispatch, prisma }: ApiServices): Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/planes/{plane_id}/classification',
        operationId: 'classification.get',
        summary: 'Why the plane has its level: the rule that decided, what was found and by which rules',
        tag,
        permission: 'read:planes',
        successStatus: 200,
        params: PlanePath,
        data: ClassificationView,
        errors: ['resource_not_found'],
      },
      async ({ context, params }) => {
        const plane = await findClassification(prisma, context.tenantId, params.plane_id);
        if (plane === undefined) throw planeNotFound();
        return toClassificationView(plane);
      },
    ),
    listRoute(
      {
        path: '/planes/{plane_id}/classification/documents',
        operationId: 'classification.documents',
        summary: 'The classified documents with what was found in each, by kind; never what it is',
        tag,
        permission: 'read:planes',
        params: PlanePath,
        query: ClassifiedDocumentsQuery,
        item: ClassifiedDocumentView,
        key: DocumentId,
        errors: ['resource_not_found'],
      },
      async ({ context, params, query, page }) => {
        const filters = { planeId: params.plane_id, kind: query.kind };
        const found = await listClassifiedDocuments(prisma, context.tenantId, { ...filters, ...page });
        if (found === undefined) throw planeNotFound();
        return mapPage(found, toClassifiedDocumentView);
      },
    ),
    route(
      {
        method: 'post',
        path: '/planes/{plane_id}/reclassify',
        operationId: 'planes.reclassify',
        summary: 'Look at every document again by a job; until it is done the last classification holds',
        tag,
        permission: 'write:planes',
        successStatus: 202,
        params: PlanePath,
        data: ReclassificationView,
        errors: ['resource_not_found', 'invalid_state', 'conflict', 'action_blocked', 'tenant_suspended'],
      },
      async ({ context, params, idempotencyKey }) => {
        const begun = await dispatch(context, 'knowledge.planes.reclassify', {
          params: { planeId: params.plane_id, documents: 'all' },
          idempotencyKey,
        });
        return { plane_id: begun.planeId, job_id: begun.jobId, audit_event_id: begun.auditEventId };
      },
    ),
  ];
}
