import path from 'node:path';
import { createEmbedder } from '../../activities/adapters/embedder';
import { createLanceStore } from '../../activities/adapters/vector-store/lancedb';
import { fuseByReciprocalRank } from '../../retrieval/fuse';
import { serveTasks } from '../support/child';
import { atOnce, type Measured } from './at-once';

export interface BareSearchTask {
  readonly dataDir: string;
  readonly tenantId: string;
  readonly planeId: string;
  readonly queries: readonly string[];
  readonly callers: number;
}

const candidates = 100;
const hits = 10;
const embedder = createEmbedder();
const stores = new Map<string, ReturnType<typeof createLanceStore>>();

/** Embedding, both searches and the fusion, in one process and with nothing else around them. */
serveTasks<BareSearchTask, Measured>(async ({ dataDir, tenantId, planeId, queries, callers }) => {
  const folder = path.join(dataDir, 'vectors');
  const store = stores.get(folder) ?? createLanceStore({ folder, dimension: embedder.dimension });
  stores.set(folder, store);
  const scope = { tenantId, planeId, excludedRunIds: [] };
  return atOnce(queries, callers, async (query) => {
    const [vector = new Float32Array()] = await embedder.embed([query]);
    const lists = await Promise.all([
      store.searchVector(scope, vector, candidates),
      store.searchText(scope, query, candidates),
    ]);
    const fused = fuseByReciprocalRank(lists.map((list) => list.map(({ id }) => id)));
    return fused.slice(0, hits).map(({ id }) => id);
  });
});
