import { ExportBody, ExportPath, ExportView } from '../../contracts/api/exports';
import { TimeKey } from '../../contracts/api/common';
import { refusal } from '../../contracts/errors';
import type { ExportSelection } from '../../contracts/exports';
import { findExport, listExports } from '../../prisma/reads/exports';
import { createExporter } from '../exports/create-exporter';
import { fileRoute, listRoute, mapPage, route, type Route } from '../route';
import type { ApiServices } from '../services';
import { toExportView } from '../views/export';

const tag = 'Proof';
const mediaTypes = { json: 'application/json', csv: 'text/csv; charset=utf-8' } as const;

export function exportRoutes(services: ApiServices): Route[] {
  const { prisma, exportFiles } = services;
  const exportEvidence = createExporter(services);
  const find = async (tenantId: string, exportId: string) => {
    const row = await findExport(prisma, tenantId, exportId);
    if (row === null) throw refusal('NOT_FOUND', 'there is no such export');
    return row;
  };

  return [
    route(
      {
        method: 'post',
        path: '/evidence/export',
        operationId: 'evidence.export',
        summary: 'Write a file of evidence that can be checked without AOS (json), or a table of it (csv)',
        tag,
        permission: 'export:audit',
        successStatus: 201,
        body: ExportBody,
        examples: {
          everything: {},
          'a plane': { plane_id: 'kp_0123456789ab' },
          'a run': { run_id: 'req-0123456789ab' },
          'a month as a table': { format: 'csv', from: '2027-01-01T00:00:00Z', to: '2027-02-01T00:00:00Z' },
        },
        data: ExportView,
        errors: ['conflict', 'invalid_state', 'temporary_failure', 'resource_busy', 'tenant_suspended'],
      },
      async ({ context, body, idempotencyKey }) => {
        const request = {
          format: body.format,
          selection: selectionOf(body),
          checkpointSizes: body.checkpoint_sizes,
        };
        return toExportView(await exportEvidence(context, request, idempotencyKey));
      },
    ),
    listRoute(
      {
        path: '/exports',
        operationId: 'exports.list',
        summary: 'The exports of the tenant, newest first',
        tag,
        permission: 'read:exports',
        item: ExportView,
        key: TimeKey,
      },
      async ({ context, page }) => mapPage(await listExports(prisma, context.tenantId, page), toExportView),
    ),
    route(
      {
        method: 'get',
        path: '/exports/{export_id}',
        operationId: 'exports.get',
        summary: 'One export',
        tag,
        permission: 'read:exports',
        successStatus: 200,
        params: ExportPath,
        data: ExportView,
        errors: ['resource_not_found'],
      },
      async ({ context, params }) => toExportView(await find(context.tenantId, params.export_id)),
    ),
    fileRoute(
      {
        path: '/exports/{export_id}/file',
        operationId: 'exports.file',
        summary: 'The file of an export',
        tag,
        permission: 'export:audit',
        params: ExportPath,
        mediaTypes: Object.values(mediaTypes),
        errors: ['resource_not_found'],
      },
      async ({ context, params }) => {
        const { exportId, format, bytes, sha256 } = await find(context.tenantId, params.export_id);
        return {
          name: `${exportId}.${format}`,
          mediaType: mediaTypes[format as keyof typeof mediaTypes],
          bytes: Number(bytes),
          sha256,
          content: await exportFiles.read(context.tenantId, sha256),
        };
      },
    ),
  ];
}

function selectionOf({ run_id: run, plane_id: plane, from, to }: ExportBody): ExportSelection {
  if (run !== undefined) return { type: 'run', run_id: run };
  if (plane !== undefined) return { type: 'plane', plane_id: plane };
  if (from === undefined && to === undefined) return { type: 'all' };
  return { type: 'period', from: from ?? null, to: to ?? null };
}
