import { existsSync } from 'node:fs';
import path from 'node:path';

const relative = path.join('models', 'all-MiniLM-L6-v2');

/** The model's folder in the project this file belongs to, whether compiled below `dist` or not. */
export function findModelFolder(from = __dirname): string {
  for (let folder = from; ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, relative);
    if (existsSync(path.join(candidate, 'onnx', 'model_quantized.onnx'))) return candidate;
    if (folder === path.dirname(folder)) throw new Error(`The embedding model is missing: ${relative} was not found.`);
  }
}
