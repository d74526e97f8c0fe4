import path from 'node:path';
import { createFolderTarget, createObjectTarget, createWebhookTarget } from './activities/adapters/checkpoint-target';
import { createEgress, mayBeNamed } from './activities/adapters/egress';
import { createEmbedder } from './activities/adapters/embedder';
import { createFolderStore, createFolderSweep } from './activities/adapters/object-store/folder';
import { createLanceStore } from './activities/adapters/vector-store/lancedb';
import type { ObjectStore } from './activities/adapters/object-store/port';
import type { CheckpointTarget } from './contracts/checkpoint-copies';
import type { Dispatcher } from 'undici';
import type { AdapterHooks } from './telemetry/adapter-hooks';
import { allAround, nothingAround, wrapPort } from './telemetry/around';
import { traceCalls, traceEgress } from './telemetry/traced';

const objectMethods = ['put', 'get', 'read', 'exists', 'delete'] as const;
const vectorMethods = [
  ...(['upsert', 'searchVector', 'searchText', 'findByIds', 'findByDocuments'] as const),
  ...(['deleteVersions', 'deleteRuns', 'compact'] as const),
] as const;

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
export function createAdapters(
  { dataDir, embedder: chosen, embedderThreads, egressAllow }: AdapterSettings,
  { around: measured = nothingAround, isTraced = false, watchEmbedder = (embedder) => embedder }: AdapterHooks = {},
) {
  const around = isTraced ? allAround([traceCalls, measured]) : measured;
  const guarded = createEgress({ allowed: egressAllow });
  const egress = isTraced ? traceEgress(guarded) : guarded;
  const guardedPublic = createEgress({ allowed: [] });
  const publicEgress = isTraced ? traceEgress(guardedPublic) : guardedPublic;
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
  const objectsFolder = { folder: path.join(dataDir, 'objects') };
  const objects = createFolderStore(objectsFolder);
  const vectors = createLanceStore({ folder: path.join(dataDir, 'vectors'), dimension: embedder.dimension });
  return {
    egress,
    publicEgress,
    mayBeNamed: (url: string) => mayBeNamed(url, egressAllow),
    embedder: watchEmbedder(wrapPort(embedder, { adapter: 'embedder', methods: ['embed'], around })),
    objects: wrapPort(objects, { adapter: 'object_store', methods: objectMethods, around }),
    objectSweep: createFolderSweep(objectsFolder),
    vectors: wrapPort(vectors, { adapter: 'vector_store', methods: vectorMethods, around }),
  };
}

export interface CheckpointSettings {
  readonly checkpointDir: string | undefined;
  readonly checkpointObjects: boolean;
  readonly checkpointWebhookUrl: string | undefined;
}

/** Where checkpoints are copied to, as the settings say. */
export function checkpointTargets(
  { checkpointDir, checkpointObjects, checkpointWebhookUrl: url }: CheckpointSettings,
  { objects, dispatcher }: { readonly objects: ObjectStore; readonly dispatcher: Dispatcher },
): readonly CheckpointTarget[] {
  return [
    ...(checkpointDir === undefined ? [] : [createFolderTarget(checkpointDir)]),
    ...(checkpointObjects ? [createObjectTarget(objects)] : []),
    ...(url === undefined ? [] : [createWebhookTarget({ url, dispatcher })]),
  ];
}
