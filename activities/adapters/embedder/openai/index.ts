export { createOpenAiEmbedder, type OpenAiEmbedderOptions } from './create-openai-embedder';
