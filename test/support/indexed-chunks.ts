import path from 'node:path';
import { createLanceStore } from '../../activities/adapters/vector-store/lancedb';
import type { TestOperations } from './operations';

const dimension = 384;
const chunksMax = 100_000;

interface Place extends Pick<TestOperations, 'owner'> {
  readonly folder: string;
}

interface DocumentRow {
  readonly tenant_id: string;
  readonly document_id: string;
  readonly name: string;
  readonly version: string;
}

/** What a search can find of a plane: name, version, chunk index and text hash of every committed chunk, in order. */
export async function visibleChunks({ folder, owner }: Place, planeId: string): Promise<string[]> {
  const { rows } = await owner.query<DocumentRow>(
    `select tenant_id, document_id, name, indexed_version as version from knowledge_documents where plane_id = $1 and indexed_version is not null`,
    [planeId],
  );
  const byId = new Map(rows.map((row) => [row.document_id, row]));
  const vectors = createLanceStore({ folder: path.join(folder, 'vectors'), dimension });
  const { rows: hidden } = await owner.query<{ id: string }>(
    `select index_run_id as id from knowledge_index_runs where plane_id = $1 and status <> 'committed'`,
    [planeId],
  );
  const scope = { tenantId: rows[0]?.tenant_id ?? '', planeId, excludedRunIds: hidden.map(({ id }) => id) };
  const stored = await vectors.findByDocuments(scope, [...byId.keys()], chunksMax);
  return stored
    .filter(({ documentId, version }) => byId.get(documentId)?.version === version)
    .map(({ documentId, version, chunkIndex, textHash }) =>
      [byId.get(documentId)?.name, version, chunkIndex, textHash].join(' '),
    )
    .sort();
}

/** Every row that the vector store keeps of the plane, left-overs included. */
export async function countStoredChunks({ folder, owner }: Place, planeId: string): Promise<number> {
  const { rows } = await owner.query<{ tenant_id: string }>(
    'select tenant_id from knowledge_planes where plane_id = $1',
    [planeId],
  );
  return createLanceStore({ folder: path.join(folder, 'vectors'), dimension }).countRows(
    rows[0]?.tenant_id ?? '',
    planeId,
  );
}
