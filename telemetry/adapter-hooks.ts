import type { Embedder } from '../activities/adapters/embedder/port';
import type { Around } from './around';

export interface AdapterHooks {
  /** Something round every call. */
  readonly around?: Around;
  readonly watchEmbedder?: (embedder: Embedder) => Embedder;
}
