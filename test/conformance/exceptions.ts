import { readFileSync } from 'node:fs';
import path from 'node:path';

const row = /^\| `([\w-]+)` +\| ((?:`[\w-]+`(?:, )?)+) +\| \S/gm;

/** The checks of the suite that the gateway is said not to pass, each as `scenario check`, from the table in its docs. */
export function readExceptions(): string[] {
  const text = readFileSync(path.join(__dirname, '../../docs/gateway.md'), 'utf8');
  const chapter = text.slice(text.indexOf('## The conformance suite'));
  return [...chapter.matchAll(row)].flatMap(([, scenario, checks = '']) =>
    [...checks.matchAll(/`([\w-]+)`/g)].map(([, check]) => `${scenario} ${check}`),
  );
}
