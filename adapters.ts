import path from 'node:path';
import { createEgress } from './activities/adapters/egress';
import { createEmbedder } from './activities/adapters/embedder';
import { createFolderStore } from './activities/adapters/object-store/folder';
import { createLanceStore } from './activities/adapters/vector-store/lancedb';

export interface AdapterSettings {
  readonly dataDir: string;
  readonly embedder:
    | {
        readonly url: string;
        readonly model: string;
        readonly apiKey: string | undefined;
        readonly dimension: number | undefined;
      }
    | undefined;
  readonly embedderThreads: number | undefined;
  /** Private addresses that may be reached, as `host:port`. */
  readonly egressAllow: readonly string[];
}

/** The stores and the embedder that both processes share, as the settings choose them. */
export function createAdapters({ dataDir, embedder: chosen, embedderThreads, egressAllow }: AdapterSettings) {
  const egress = createEgress({ allowed: egressAllow });
  const embedder = createEmbedder(
    chosen === undefined
      ? { kind: 'minilm', ...(embedderThreads !== undefined && { threads: embedderThreads }) }
      : {
          kind: 'openai',
          url: chosen.url,
          model: chosen.model,
          dispatcher: egress,
          ...(chosen.apiKey !== undefined && { apiKey: chosen.apiKey }),
          ...(chosen.dimension !== undefined && { dimension: chosen.dimension }),
        },
  );
  return {
    egress,
    embedder,
    objects: createFolderStore({ folder: path.join(dataDir, 'objects') }),
    vectors: createLanceStore({ folder: path.join(dataDir, 'vectors'), dimension: embedder.dimension }),
  };
}
