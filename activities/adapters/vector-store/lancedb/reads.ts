import { MatchQuery } from '@lancedb/lancedb';
import type { ChunkRecord, ScoredChunk, SearchScope, VectorStore } from '../port';
import { checkVector, toRecord } from './chunk-rows';
import { allOf, equals, isOneOf, scopeFilter } from './filters';
import { searchableText } from './searchable-text';
import { recordColumns } from './table-schema';
import type { TenantTables } from './tenant-tables';

type Reads = Pick<VectorStore, 'searchVector' | 'searchText' | 'findByIds' | 'findByDocuments' | 'countRows'>;

/** The reading half of the store; a tenant without a table has no rows. Filters apply before every search. */
export function createReads(tables: TenantTables, dimension: number): Reads {
  return {
    async searchVector(scope, vector, limit) {
      checkVector(vector, dimension);
      const table = await tables.find(scope.tenantId);
      if (!table || limit < 1) return [];
      const nearest = table
        .query()
        .nearestTo(vector)
        .distanceType('cosine')
        .maximumNprobes(0)
        .minimumNprobes(probesMin);
      const rows = nearest.where(scopeFilter(scope)).select([...recordColumns, '_distance']);
      return scored(await rows.limit(limit).toArray(), (row) => 1 - numberAt(row, '_distance'));
    },

    async searchText(scope, query, limit) {
      const words = searchableText(query);
      const table = words === '' ? null : await tables.find(scope.tenantId);
      if (!table || limit < 1) return [];
      const matching = table.query().fullTextSearch(new MatchQuery(words, 'text')).where(scopeFilter(scope));
      const rows = matching.select([...recordColumns, '_score']).limit(limit);
      return scored(await rows.toArray(), (row) => numberAt(row, '_score'));
    },

    async findByIds(scope, chunkIds) {
      const found = await findAll(scope, chunkIds, (part) => isOneOf('id', part));
      const places = new Map(chunkIds.map((id, index) => [id, index]));
      return found.sort((a, b) => (places.get(a.id) ?? 0) - (places.get(b.id) ?? 0));
    },

    async findByDocuments(scope, documentIds, limit) {
      const found = await findAll(scope, documentIds, (part) => isOneOf('document_id', part));
      return found.sort(byPosition).slice(0, limit);
    },

    async countRows(tenantId, planeId) {
      const table = await tables.find(tenantId);
      return table ? table.countRows(equals('plane_id', planeId)) : 0;
    },
  };

  async function findAll(
    scope: SearchScope,
    values: readonly string[],
    condition: (part: readonly string[]) => string,
  ): Promise<ChunkRecord[]> {
    const table = await tables.find(scope.tenantId);
    if (!table) return [];
    const found: ChunkRecord[] = [];
    const unique = [...new Set(values)];
    for (let from = 0; from < unique.length; from += valuesPerFilter) {
      const filter = allOf(scopeFilter(scope), condition(unique.slice(from, from + valuesPerFilter)));
      const rows: unknown[] = await table
        .query()
        .where(filter)
        .select([...recordColumns])
        .toArray();
      found.push(...rows.map(toRecord));
    }
    return found;
  }
}

const probesMin = 32;
const valuesPerFilter = 500;

/** Best first; equal scores by id, so that the same question gets the same answer. */
function scored(rows: readonly unknown[], scoreOf: (row: unknown) => number): ScoredChunk[] {
  return rows
    .map((row) => ({ ...toRecord(row), score: scoreOf(row) }))
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
}

function numberAt(row: unknown, column: string): number {
  return typeof row === 'object' && row !== null ? Number(Reflect.get(row, column)) : NaN;
}

function byPosition(a: ChunkRecord, b: ChunkRecord): number {
  if (a.documentId !== b.documentId) return a.documentId < b.documentId ? -1 : 1;
  return a.chunkIndex - b.chunkIndex;
}
