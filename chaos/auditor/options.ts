import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readLedger } from '../ledger';
import type { Material } from './check';
import { readHistories } from './histories';

export interface Options extends Omit<Material, 'sql'> {
  readonly databaseUrl: string;
}

const bundleDefault = path.join(__dirname, '../../dist/workflow-bundle.js');

/**
 * `--database-url URL` is required; `--ledger FILE`, `--histories DIR`, `--bundle FILE` (of several
 * versions once for each, the oldest first), `--secrets FILE` (one a line),
 * `--logs DIR` and `--checkpoints DIR` give more to look at. Throws when one of them is not there.
 */
export function readOptions(args: readonly string[]): Options {
  const names = ['database-url', 'ledger', 'histories', 'secrets', 'logs', 'checkpoints'] as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
      bundle: { type: 'string', multiple: true },
    },
  });
  const given = values as Partial<Record<(typeof names)[number], string>> & { readonly bundle?: readonly string[] };
  const { 'database-url': databaseUrl, ledger, histories, bundle, secrets, logs, checkpoints } = given;
  if (databaseUrl === undefined) throw new Error('--database-url is missing: it must see every tenant');
  return {
    databaseUrl,
    ledger: ledger === undefined ? [] : readLedger(ledger),
    histories: histories === undefined ? [] : readHistories(histories),
    bundleFiles: bundle ?? (existsSync(bundleDefault) ? [bundleDefault] : []),
    secrets: secrets === undefined ? [] : linesOf(readFileSync(secrets, 'utf8')),
    logFiles: logs === undefined ? [] : filesOf(logs),
    notes: checkpoints === undefined ? [] : filesOf(checkpoints).map((file) => readFileSync(file, 'utf8')),
  };
}

const linesOf = (text: string) => text.split('\n').filter((line) => line !== '');

function filesOf(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}
