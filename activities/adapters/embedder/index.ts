import { createMiniLmEmbedder, type MiniLmOptions } from './minilm';
import { createOpenAiEmbedder, type OpenAiEmbedderOptions } from './openai';
import type { Embedder } from './port';

export type EmbedderOptions =
  ({ readonly kind: 'minilm' } & MiniLmOptions) | ({ readonly kind: 'openai' } & OpenAiEmbedderOptions);

/** The embedder a deployment has chosen; the built-in model needs nothing else. */
export function createEmbedder(options: EmbedderOptions = { kind: 'minilm' }): Embedder {
  return options.kind === 'openai' ? createOpenAiEmbedder(options) : createMiniLmEmbedder(options);
}
