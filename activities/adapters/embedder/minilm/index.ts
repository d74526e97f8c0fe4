export { createMiniLmEmbedder, type MiniLmOptions } from './create-minilm-embedder';
