import { Index, makeArrowTable, type Table } from '@lancedb/lancedb';
import type { VectorStore } from '../port';
import { toRows } from './chunk-rows';
import { retryOnConflict } from './commit-conflicts';
import { allOf, equals, isOneOf } from './filters';
import { tableSchema } from './table-schema';
import { ensureIndexes, type TenantTables } from './tenant-tables';

type Writes = Pick<VectorStore, 'upsert' | 'deleteVersions' | 'deleteRuns' | 'compact'>;

interface WriteOptions {
  readonly dimension: number;
  readonly vectorIndexRowsMin: number;
}

const documentsPerDelete = 200;
const versionAgeMs = 60 * 60 * 1000;

/** The writing half of the store. Every write may be repeated. */
export function createWrites(tables: TenantTables, { dimension, vectorIndexRowsMin }: WriteOptions): Writes {
  const schema = tableSchema(dimension);
  return {
    async upsert(tenantId, chunks) {
      const rows = toRows(chunks, dimension);
      if (rows.length === 0) return;
      const table = await tables.ensure(tenantId);
      await retryOnConflict(() =>
        table
          .mergeInsert('id')
          .whenMatchedUpdateAll({ where: 'target.index_run_seq <= source.index_run_seq' })
          .whenNotMatchedInsertAll()
          .execute(makeArrowTable(rows, { schema })),
      );
    },

    async deleteVersions(tenantId, planeId, documents, indexRunSeqMax = Number.MAX_SAFE_INTEGER) {
      const table = await tables.find(tenantId);
      if (!table) return;
      for (let from = 0; from < documents.length; from += documentsPerDelete) {
        const conditions = documents.slice(from, from + documentsPerDelete).map(oldVersions);
        const any = conditions.map((one) => `(${one})`).join(' OR ');
        const filter = allOf(equals('plane_id', planeId), `index_run_seq <= ${indexRunSeqMax}`, any);
        await retryOnConflict(() => table.delete(filter));
      }
    },

    async deleteRuns(tenantId, planeId, indexRunIds) {
      const table = await tables.find(tenantId);
      if (!table || indexRunIds.length === 0) return;
      const filter = allOf(equals('plane_id', planeId), isOneOf('index_run_id', indexRunIds));
      await retryOnConflict(() => table.delete(filter));
    },

    async compact(tenantId) {
      const table = await tables.find(tenantId);
      if (!table) return;
      await ensureIndexes(table);
      await retryOnConflict(() => ensureVectorIndex(table, vectorIndexRowsMin));
      // Readers of another process may still hold a version of a moment ago.
      await retryOnConflict(() => table.optimize({ cleanupOlderThan: new Date(Date.now() - versionAgeMs) }));
    },
  };
}

function oldVersions(document: { readonly documentId: string; readonly keepVersion: string | null }): string {
  const ofDocument = equals('document_id', document.documentId);
  return document.keepVersion === null
    ? ofDocument
    : allOf(ofDocument, `NOT (${equals('version', document.keepVersion)})`);
}

/** Flat partitions keep the full vectors: an approximate list, but exact distances. */
async function ensureVectorIndex(table: Table, rowsMin: number): Promise<void> {
  const rows = await table.countRows();
  if (rows < rowsMin || (await table.listIndices()).some(({ columns }) => columns.includes('vector'))) return;
  const numPartitions = Math.max(1, Math.round(Math.sqrt(rows)));
  await table.createIndex('vector', { config: Index.ivfFlat({ distanceType: 'cosine', numPartitions }) });
}
