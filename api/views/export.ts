import type { ExportView } from '../../contracts/api/exports';
import { ExportFormat, ExportSelection } from '../../contracts/exports';
import type { ExportRow } from '../../prisma/reads/exports';
import { apiBase } from '../route';

export function toExportView(row: ExportRow): ExportView {
  return {
    export_id: row.exportId,
    format: ExportFormat.parse(row.format),
    selection: ExportSelection.parse(row.selection),
    tree_size: Number(row.treeSize),
    root_hash: row.rootHash,
    events: Number(row.events),
    bytes: Number(row.bytes),
    sha256: row.sha256,
    created_by: row.createdBy,
    created_at: row.createdAt.toISOString(),
    download_url: `${apiBase}/exports/${row.exportId}/file`,
  };
}
