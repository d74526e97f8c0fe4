import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { refusal } from '../../../../contracts/errors';

/**
 * The real path of a source's folder. Fails as VERIFICATION_FAILED, with a sentence that says what to mend, when it is
 * missing, no folder, not readable, or outside every root.
 */
export async function resolveFolder(folder: string, roots: readonly string[]): Promise<string> {
  if (roots.length === 0) {
    throw refusal('VERIFICATION_FAILED', 'No folder may be read: set at least one allowed root for file sources.');
  }
  const realRoots = await Promise.all(roots.map((root) => realpath(root).catch(() => path.resolve(root))));
  const real = await realpath(folder).catch(() => undefined);
  // What lies elsewhere is told to nobody: neither that a path exists there nor that it does not.
  const place = real ?? path.resolve(folder);
  const bounds = real === undefined ? [...realRoots, ...roots.map((root) => path.resolve(root))] : realRoots;
  if (!bounds.some((root) => isInside(place, root))) {
    throw refusal(
      'VERIFICATION_FAILED',
      `The folder ${folder} lies outside the allowed roots: move it there, or allow its root.`,
    );
  }
  if (real === undefined) {
    throw refusal(
      'VERIFICATION_FAILED',
      `The folder ${folder} does not exist or cannot be reached: create it, or mend the path.`,
    );
  }
  if (!(await stat(real)).isDirectory()) {
    throw refusal('VERIFICATION_FAILED', `${folder} is not a folder: give the folder that holds the files.`);
  }
  return real;
}

/** True when the real path is the root or lies below it. */
export function isInside(real: string, root: string): boolean {
  const relative = path.relative(root, real);
  return relative === '' || !(relative === '..' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative));
}
