import type { Embedder } from '../activities/adapters/embedder/port';
import type { Around } from './around';

export interface AdapterHooks {
  /** Something round every call. */
  readonly around?: Around;
  /** Calls of adapters, and what leaves over HTTP, are spans. */
  readonly isTraced?: boolean;
  readonly watchEmbedder?: (embedder: Embedder) => Embedder;
}
