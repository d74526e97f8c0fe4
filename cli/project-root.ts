import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The nearest folder above with a package.json: the compiled command lies one folder deeper than its source. */
export function findProjectRoot(folder: string): string {
  if (existsSync(path.join(folder, 'package.json'))) return folder;
  const parent = path.dirname(folder);
  return parent === folder ? folder : findProjectRoot(parent);
}

/** The version that package.json states. */
export function versionOf(projectRoot: string): string {
  const { version } = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8')) as { version?: string };
  return version ?? '0.0.0';
}
