import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { loadStackConfig, projectRoot } from '../../config';
import type { Credentials } from '../../scripts/stack/credentials';
import { createShutdown } from '../../scripts/stack/shutdown';
import { startStack } from '../../scripts/stack/start-stack';

export interface BenchStack {
  readonly dataDir: string;
  readonly credentials: Credentials;
  /** The owner's connection, whom row-level security does not bind. */
  readonly owner: Client;
  /** Calls the API; throws when the answer is no success. */
  call<T>(key: string, method: 'GET' | 'POST', route: string, body?: unknown): Promise<T>;
  stop(): Promise<void>;
}

/** What `npm start` runs, from dist/: Postgres, Temporal, API and worker, each a process of its own, and no example. */
export async function startBenchStack({ fileRoots }: { fileRoots: readonly string[] }): Promise<BenchStack> {
  if (!existsSync(path.join(projectRoot(), 'dist/workflow-bundle.js'))) {
    throw new Error('Build first: npm run build && npm run build:workflows');
  }
  const dataDir = await mkdtemp(path.join(tmpdir(), 'aos-bench-'));
  const ports = { AOS_API_PORT: '0', AOS_TEMPORAL_PORT: '0', AOS_TEMPORAL_UI_PORT: '0', AOS_POSTGRES_PORT: '0' };
  const config = loadStackConfig({
    ...process.env,
    ...ports,
    AOS_DATA_DIR: dataDir,
    AOS_FILE_ROOTS: fileRoots.join(':'),
  });
  const say = (line: string) => void (process.env.BENCH_VERBOSE && process.stderr.write(`${line}\n`));
  const shutdown = createShutdown(say);
  const end = async () => {
    await shutdown.stopAll();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    await startStack({ config, shutdown, say, withExample: false });
    const credentials = JSON.parse(await readFile(path.join(dataDir, 'credentials.json'), 'utf8')) as Credentials;
    const owner = new Client({ connectionString: credentials.database_url });
    await owner.connect();
    return {
      ...{ dataDir, credentials, owner },
      call: (key, method, route, body) => call(credentials.api_url, { key, method, route, body }),
      stop: async () => {
        await owner.end();
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

interface Call {
  readonly key: string;
  readonly method: string;
  readonly route: string;
  readonly body: unknown;
}

async function call<T>(apiUrl: string, { key, method, route, body }: Call): Promise<T> {
  const response = await fetch(`${apiUrl}/api/v1${route}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as { success: boolean; data: T };
  if (!answer.success) throw new Error(`${method} ${route}: ${response.status} ${JSON.stringify(answer)}`);
  return answer.data;
}
