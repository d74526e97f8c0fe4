import { spawn } from 'node:child_process';
import { mkdir, rename, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import { duration, type Say } from '../terminal';

const neededBytes = 5e9;

interface BuildOptions {
  readonly target: string;
  readonly version: string;
  readonly say: Say;
  readonly signal?: AbortSignal | undefined;
  readonly env: NodeJS.ProcessEnv;
}

/** Builds the Temporal CLI with Go, in a folder of its own that is removed after success. Undefined when it cannot. */
export async function buildTemporal({ target, version, say, signal, env }: BuildOptions): Promise<string | undefined> {
  const workshop = `${target}.build`;
  await mkdir(workshop, { recursive: true });
  const { bavail, bsize } = await statfs(workshop);
  if (bavail * bsize < neededBytes) {
    say(
      `Temporal: only ${Math.round((bavail * bsize) / 1e9)} GB are free on the disk of ${workshop}, too little to build`,
    );
    return undefined;
  }
  const bin = path.join(workshop, `bin-${process.pid}`);
  const began = Date.now();
  const progress = setInterval(() => say(`Temporal: still building (${duration(Date.now() - began)})`), 30_000);
  try {
    const goEnv = {
      ...env,
      GOBIN: bin,
      GOCACHE: path.join(workshop, 'cache'),
      GOMODCACHE: path.join(workshop, 'modules'),
      // Go makes its module cache read-only, which would keep us from removing it.
      GOFLAGS: `${env.GOFLAGS ?? ''} -modcacherw`.trim(),
    };
    const module = `github.com/temporalio/cli/cmd/temporal@v${version}`;
    const problem = await run('go', ['install', '-ldflags', '-s -w', module], { env: goEnv, signal });
    if (problem !== undefined) {
      say(`Temporal: ${problem}`);
      return undefined;
    }
    await rename(path.join(bin, 'temporal'), target);
    await rm(workshop, { recursive: true, force: true });
    say(`Temporal: built in ${duration(Date.now() - began)} and kept in ${path.dirname(target)}`);
    return target;
  } finally {
    clearInterval(progress);
  }
}

/** Undefined on success, else what went wrong. */
function run(
  command: string,
  args: readonly string[],
  { env, signal }: { env: NodeJS.ProcessEnv; signal: AbortSignal | undefined },
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'pipe'], ...(signal && { signal }) });
    let lastWords = '';
    child.stderr.on('data', (chunk) => (lastWords = (lastWords + String(chunk)).slice(-2_000)));
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve('Go is not installed');
      else reject(error);
    });
    child.once('close', (code) => resolve(code === 0 ? undefined : `the build failed: ${lastWords.trim()}`));
  });
}
