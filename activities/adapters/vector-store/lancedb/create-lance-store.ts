import './quiet-logs';
import type { VectorStore } from '../port';
import { createReads } from './reads';
import { createTenantTables } from './tenant-tables';
import { createWrites } from './writes';
import { checkLanceHealth } from './check-lance-health';

export interface LanceStoreOptions {
  readonly folder: string;
  /** Length of every vector: that of the configured embedder. */
  readonly dimension: number;
  /** From so many rows a table gets an index for vectors; below, comparing with all of a plane is fast and exact. */
  readonly vectorIndexRowsMin?: number;
}

/** Vector and full text search in LanceDB files below a folder; several processes may share it. */
export function createLanceStore({ folder, dimension, vectorIndexRowsMin = 200_000 }: LanceStoreOptions): VectorStore {
  const tables = createTenantTables({ folder, dimension });
  return {
    ...createReads(tables, dimension),
    ...createWrites(tables, { dimension, vectorIndexRowsMin }),
    checkHealth: () => checkLanceHealth(folder),
  };
}
