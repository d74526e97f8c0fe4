import type { SourceType } from '../../contracts/knowledge';
import type { Dispatch } from '../../operations/catalogue';
import type { WorkReads } from '../../operations/knowledge/work-reads';
import type { Embedder } from '../adapters/embedder/port';
import type { ObjectStore } from '../adapters/object-store/port';
import type { ParseDocument } from '../adapters/parser/port';
import type { SourceReader } from '../adapters/source-reader/port';
import type { VectorStore } from '../adapters/vector-store/port';
import type { ReachBarrier } from '../../barriers';

/** Runs the work as the one writer of a resource. */
export type Exclusively = <T>(
  input: { readonly tenantId: string; readonly resource: string; readonly signal: AbortSignal },
  work: () => Promise<T>,
) => Promise<T>;

export interface KnowledgeDependencies {
  readonly dispatch: Dispatch;
  readonly reads: WorkReads;
  readonly sourceReaders: Readonly<Record<SourceType, SourceReader>>;
  readonly objects: ObjectStore;
  readonly parse: ParseDocument;
  readonly embedder: Embedder;
  readonly vectors: VectorStore;
  readonly exclusively: Exclusively;
  readonly reachBarrier: ReachBarrier;
}

export interface JobInput {
  readonly planeId: string;
  readonly jobId: string;
}
