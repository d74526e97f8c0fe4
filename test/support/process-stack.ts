import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { BarrierName } from '../../barriers';
import { ensureKeys } from '../../scripts/stack/keys';
import { ApiClient } from './api-client';
import { startAosProcess, type AosProcess } from './aos-process';
import { freePort } from './free-port';
import { startTestOperations, type TestOperations } from './operations';
import { until } from './until';

export interface ProcessOptions {
  /** The process kills itself there, as `kill -9` would; `name:n` at the n-th time. */
  readonly barrier?: BarrierName | `${BarrierName}:${number}`;
  /** Settings beyond those of every process here. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface ProcessStack extends Pick<TestOperations, 'owner' | 'database' | 'keys' | 'dispatch' | 'as'> {
  readonly folder: string;
  readonly temporal: Client;
  startWorker(options?: ProcessOptions): Promise<AosProcess>;
  startApi(options?: ProcessOptions): Promise<AosProcess & { readonly url: string }>;
  /** The API of the process that was started last. */
  api(role?: 'admin' | 'developer', tenant?: 0 | 1): ApiClient;
  stop(): Promise<void>;
}

/** API and workers as processes that can be killed, on a database, a data folder and a task queue of their own. */
export async function startProcessStack(): Promise<ProcessStack> {
  const core = await startTestOperations();
  const folder = await mkdtemp(path.join(tmpdir(), 'aos-processes-'));
  const address = process.env.TEST_TEMPORAL_ADDRESS ?? '';
  const connection = await Connection.connect({ address });
  const keys = { masterKeyFile: path.join(folder, 'master.key'), signingKeyFile: path.join(folder, 'signing.pem') };
  await ensureKeys(keys);
  const started: AosProcess[] = [];
  let url = '';

  const environment = ({ barrier, env }: ProcessOptions): NodeJS.ProcessEnv => ({
    AOS_DATA_DIR: folder,
    AOS_MASTER_KEY_FILE: keys.masterKeyFile,
    AOS_SIGNING_KEY_FILE: keys.signingKeyFile,
    AOS_DATABASE_APP_URL: core.database.appUrl,
    AOS_DATABASE_SYSTEM_URL: core.database.systemUrl,
    AOS_FILE_ROOTS: folder,
    AOS_TASK_QUEUE: path.basename(folder).toLowerCase(),
    AOS_EMBEDDER_THREADS: '1',
    TEMPORAL_ADDRESS: address,
    ...(barrier !== undefined && { AOS_TEST_BARRIER: barrier }),
    ...env,
  });

  return {
    ...{ owner: core.owner, database: core.database, keys: core.keys, dispatch: core.dispatch, as: core.as, folder },
    temporal: new Client({ connection }),

    async startWorker(options = {}) {
      const worker = startAosProcess('worker.js', environment(options));
      started.push(worker);
      await worker.untilLog('worker started');
      return worker;
    },

    async startApi(options = {}) {
      const port = await freePort();
      const api = startAosProcess('api/server.js', { ...environment(options), AOS_API_PORT: String(port) });
      started.push(api);
      await api.untilLog('api listening');
      url = `http://127.0.0.1:${port}`;
      return { ...api, url };
    },

    api: (role = 'admin', tenant = 0) => new ApiClient(url, core.keys.tenants[tenant]?.[`${role}_key`] ?? ''),

    async stop() {
      await Promise.all(started.filter((each) => each.end() === undefined).map((each) => each.kill()));
      await connection.close();
      await until(async () => (await countConnections(core)) === 0, { what: 'the end of all connections' });
      await core.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function countConnections({ owner }: TestOperations): Promise<number> {
  const { rows } = await owner.query<{ n: number }>(
    `select count(*)::int as n from pg_stat_activity where datname = current_database() and application_name like 'aos-%'`,
  );
  return rows[0]?.n ?? 0;
}
