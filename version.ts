import { readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from './config';

export function readVersion(): string {
  const text = readFileSync(path.join(projectRoot(), 'package.json'), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  return version;
}
