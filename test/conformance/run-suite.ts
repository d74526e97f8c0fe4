import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

export type Revision = '2025-11-25' | '2026-07-28';

export interface Check {
  readonly scenario: string;
  readonly id: string;
  readonly status: string;
  readonly message: string;
}

const program = path.join(
  path.dirname(require.resolve('@modelcontextprotocol/conformance/package.json')),
  'dist/index.js',
);

/** Runs all scenarios for servers of a revision, and returns what each check came to, by scenario and id. */
export async function runSuite(url: string, revision: Revision): Promise<readonly Check[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'aos-conformance-'));
  try {
    const suite = ['server', '--url', url, '--suite', 'all', '--spec-version', revision, '--output-dir', folder];
    await run(['--import', path.join(__dirname, 'without-glob.mjs'), program, ...suite], folder);
    return await readChecks(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

// It ends with an error wherever a check has failed; what failed stands in its files.
function run(args: readonly string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd, timeout: 240_000, maxBuffer: 64 * 1024 * 1024 }, (error) => {
      if (error === null || error.code === 1) resolve();
      else reject(error);
    });
  });
}

async function readChecks(folder: string): Promise<Check[]> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('checks.json')).sort();
  const found = await Promise.all(
    files.map(async (file) => {
      const scenario = path
        .basename(path.dirname(file))
        .replace(/^server-/, '')
        .replace(/-\d{4}-\d\d-\d\dT.*$/, '');
      const checks = JSON.parse(await readFile(path.join(folder, file), 'utf8')) as (Partial<Check> & {
        errorMessage?: string;
      })[];
      return checks.map(({ id = '', status = '', errorMessage = '' }) => ({
        scenario,
        id,
        status,
        message: errorMessage,
      }));
    }),
  );
  return found.flat();
}
