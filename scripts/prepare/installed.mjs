import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './run.mjs';

/** Whether node_modules holds what the lock file says. npm leaves a record of what it installed. */
export function isInstalled() {
  const wanted = readPackages(path.join(root, 'package-lock.json'));
  const present = readPackages(path.join(root, 'node_modules/.package-lock.json'));
  if (wanted === undefined || present === undefined) return false;
  return Object.entries(wanted).every(([name, { version, optional, devOptional, peer }]) => {
    const found = present[name];
    // Optional packages are those of other platforms.
    if (found === undefined) return name === '' || optional || devOptional || peer || false;
    return found.version === version;
  });
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}
