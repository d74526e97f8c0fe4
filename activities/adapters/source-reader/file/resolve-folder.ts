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
  const real = await realpath(folder).catch((error: unknown) => {
    throw refusal(
      'VERIFICATION_FAILED',
      `The folder ${folder} does not exist or cannot be reached: create it, or mend the path.`,
      { cause: error },
    );
  });
  const realRoots = await Promise.all(roots.map((root) => realpath(root).catch(() => null)));
  // Whether it is a folder is told only to those who may look there.
  if (!realRoots.some((root) => root !== null && isInside(real, root))) {
    throw refusal(
      'VERIFICATION_FAILED',
      `The folder ${folder} lies outside the allowed roots: move it there, or allow its root.`,
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
