import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './run.mjs';

const ignored = new Set([
  'node_modules',
  'dist',
  '.git',
  '.aos',
  'generated',
  'test',
  'bench',
  'docs',
  'examples',
  'models',
]);

/** Whether a result is as new as its sources. The mark is the hash of the sources it was made from. */
export function freshness(markFile, sources) {
  const mark = path.join(root, markFile);
  const hash = hashOf(sources);
  return {
    isFresh: existsSync(mark) && readFileSync(mark, 'utf8') === hash,
    /** A result that is about to be made anew is not to be trusted until it is complete. */
    begin: () => rmSync(mark, { force: true }),
    done() {
      mkdirSync(path.dirname(mark), { recursive: true });
      writeFileSync(mark, hash);
    },
  };
}

/** Every TypeScript source of the product, as paths from the root. */
export function typescriptSources(folder = root) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const place = path.join(folder, entry.name);
    if (entry.isDirectory()) return ignored.has(entry.name) ? [] : typescriptSources(place);
    return entry.name.endsWith('.ts') ? [path.relative(root, place)] : [];
  });
}

function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of [...files].sort()) {
    const place = path.join(root, file);
    hash
      .update(`${file}\0`)
      .update(existsSync(place) ? readFileSync(place) : '')
      .update('\0');
  }
  return hash.digest('hex');
}
