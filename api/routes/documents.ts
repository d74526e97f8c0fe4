import { z } from 'zod';
import { CounterKey } from '../../contracts/api/common';
import {
  DocumentDeletion,
  DocumentPath,
  DocumentsQuery,
  DocumentView,
  FindingView,
  PlanePath,
  UploadResult,
} from '../../contracts/api/knowledge';
import { refusal } from '../../contracts/errors';
import { uploadStates } from '../../contracts/knowledge';
import { DocumentId, SourceId } from '../../contracts/knowledge-schemas';
import { listDocuments, listFindings } from '../../prisma/reads/documents';
import { findPlaneStatus } from '../../prisma/reads/planes';
import { listRoute, mapPage, route, uploadRoute, type Route } from '../route';
import type { ApiServices, Caller } from '../services';
import { receiveFiles } from '../uploads/receive-files';
import { toDocumentView, toFindingView } from '../views/document';
import { stateOf } from '../views/plane';
import { planeNotFound } from './knowledge';

const tag = 'Knowledge planes';

const UploadForm = z.strictObject({ files: z.array(z.file()).min(1), source_id: SourceId.optional() });

export function documentRoutes({ dispatch, prisma, uploads }: ApiServices): Route[] {
  // Decided again by the operation; asked here so that a hopeless upload is refused before its bytes are read.
  async function requireOpenForUploads({ tenantId, tenantStatus }: Caller, planeId: string): Promise<void> {
    if (tenantStatus !== 'active') {
      throw refusal('TENANT_INACTIVE', 'the tenant is suspended; ask the operator to reactivate it');
    }
    const status = await findPlaneStatus(prisma, tenantId, planeId);
    if (status === undefined) throw planeNotFound();
    const state = stateOf({ status });
    if (uploadStates.includes(state)) return;
    throw refusal('INVALID_STATE', `documents change in ${uploadStates.join(', ')} only; the plane is ${state}`, {
      details: { state },
    });
  }

  return [
    uploadRoute(
      {
        method: 'post',
        path: '/planes/{plane_id}/documents',
        operationId: 'documents.upload',
        summary: 'Upload files as documents of an upload source; a name that is there gets a new version',
        tag,
        permission: 'write:planes',
        successStatus: 202,
        params: PlanePath,
        body: UploadForm,
        data: UploadResult,
        errors: ['resource_not_found', 'invalid_state', 'conflict', 'action_blocked', 'tenant_suspended'],
        async receive({ context: { tenantId }, caller, params, request }) {
          await requireOpenForUploads(caller, params.plane_id);
          return receiveFiles({ request, tenantId, uploads });
        },
      },
      async ({ context, params, body: { sourceId, files, rejected }, idempotencyKey }) => {
        const result = await dispatch(context, 'knowledge.documents.accept', {
          params: { planeId: params.plane_id, sourceId, files: [...files], rejected: [...rejected] },
          idempotencyKey,
        });
        const places = new Map(files.map(({ name }, index) => [name, index]));
        const inOrder = result.accepted.toSorted((a, b) => (places.get(a.name) ?? 0) - (places.get(b.name) ?? 0));
        return {
          accepted: inOrder.map(({ documentId, name, version }) => ({ document_id: documentId, name, version })),
          rejected: result.rejected,
          job_id: result.jobId,
        };
      },
    ),
    listRoute(
      {
        path: '/planes/{plane_id}/documents',
        operationId: 'documents.list',
        summary: 'The documents of a plane; dead letters with their reason',
        tag,
        permission: 'read:planes',
        params: PlanePath,
        query: DocumentsQuery,
        item: DocumentView,
        key: DocumentId,
        errors: ['resource_not_found'],
      },
      async ({ context, params, query, page }) => {
        const filters = { planeId: params.plane_id, status: query.status };
        const found = await listDocuments(prisma, context.tenantId, { ...filters, ...page });
        if (found === undefined) throw planeNotFound();
        return mapPage(found, toDocumentView);
      },
    ),
    route(
      {
        method: 'delete',
        path: '/planes/{plane_id}/documents/{document_id}',
        operationId: 'documents.delete',
        summary: 'Delete a document; it is not found any more at once, and leaves the index by a job',
        tag,
        permission: 'write:planes',
        successStatus: 202,
        params: DocumentPath,
        data: DocumentDeletion,
        errors: ['resource_not_found', 'invalid_state', 'conflict', 'action_blocked', 'tenant_suspended'],
      },
      async ({ context, params, idempotencyKey }) => {
        const deleted = await dispatch(context, 'knowledge.documents.delete', {
          params: { planeId: params.plane_id, documentId: params.document_id },
          idempotencyKey,
        });
        return { document_id: deleted.documentId, job_id: deleted.jobId, audit_event_id: deleted.auditEventId };
      },
    ),
    listRoute(
      {
        path: '/planes/{plane_id}/findings',
        operationId: 'findings.list',
        summary: 'Where personal data and secrets were found, never what they are',
        tag,
        permission: 'read:planes',
        params: PlanePath,
        item: FindingView,
        key: CounterKey,
        errors: ['resource_not_found'],
      },
      async ({ context, params, page }) => {
        const found = await listFindings(prisma, context.tenantId, { planeId: params.plane_id, ...page });
        if (found === undefined) throw planeNotFound();
        return mapPage(found, toFindingView);
      },
    ),
  ];
}
