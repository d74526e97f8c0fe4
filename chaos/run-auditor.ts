import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

export interface AuditorInput {
  readonly databaseUrl: string;
  readonly histories: string;
  readonly ledger: string;
  readonly logs: string;
  /** Of the versions of the workflows, the oldest first. */
  readonly bundles: readonly string[];
  /** Where the worker has copied signed checkpoints to. */
  readonly checkpoints: string;
  /** A file with one text a line that may stand nowhere. */
  readonly secrets: string;
}

const program = path.join(__dirname, 'auditor/main.ts');

/** Runs the auditor as a process of its own and shows what it says. Answers its exit code: 0 means no violation. */
export async function runAuditor({ databaseUrl, bundles, ...places }: AuditorInput): Promise<number> {
  if (!existsSync(program)) throw new Error('chaos/auditor/main.ts is missing: nothing judges this run');
  const args = [
    '--database-url',
    databaseUrl,
    ...bundles.flatMap((bundle) => ['--bundle', bundle]),
    ...Object.entries(places).flatMap(([name, place]) => [`--${name}`, place]),
  ];
  const child = spawn(process.execPath, ['--require', require.resolve('tsx/cjs'), program, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) =>
      code === null ? reject(new Error(`the auditor got ${signal}`)) : resolve(code),
    );
  });
}
