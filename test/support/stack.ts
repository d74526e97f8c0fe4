import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { createApiParts } from '../../api/parts';
import type { ApiConfig, WorkerConfig } from '../../config';
import type { OidcIssuer } from '../../contracts/oidc-issuers';
import type { SqlConnections } from '../../contracts/sql-connections';
import type { StdioServers } from '../../contracts/stdio-servers';
import { contextIds } from '../../context';
import { taskQueuesOf } from '../../contracts/workflow-messages';
import { rateDefaults } from '../../contracts/rate-limits';
import { createLogger } from '../../logger';
import { repeat } from '../../operations/maintenance/repeat';
import { ensureKeys } from '../../scripts/stack/keys';
import { workerDeployment } from '../../worker-deployment';
import { createWorkerParts, type WorkerParts } from '../../worker-parts';
import { ApiClient } from './api-client';
import { startTestOperations, type TestOperations } from './operations';

// Refused runs are expected here, and each would log a warning.
Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });

export interface TestStack extends TestOperations {
  readonly url: string;
  readonly folder: string;
  readonly temporal: Client;
  readonly taskQueue: string;
  readonly worker: WorkerParts;
  /** What API and worker would write to their logs, line by line. */
  readonly logLines: string[];
  api(role?: 'admin' | 'developer' | 'viewer' | 'auditor', tenant?: 0 | 1): ApiClient;
  readonly operatorApi: ApiClient;
  /** The workers that the stack started with; none of its own are versioned. */
  readonly workers: TestWorkers;
  /** Another pair of workers, of a version of their own when one is given. */
  startWorkers(buildId?: string, taskQueue?: string): Promise<TestWorkers>;
}

export interface TestWorkers {
  stop(): Promise<void>;
}

export interface StackOptions {
  /** Private destinations that the guard lets through. */
  readonly egressAllow?: string[];
  readonly sqlConnections?: (core: TestOperations) => SqlConnections;
  readonly stdioServers?: (core: TestOperations) => StdioServers;
  /** Whose access tokens are accepted. */
  readonly oidcIssuers?: (core: TestOperations) => readonly OidcIssuer[];
}

/** API and worker as they run, in this process, on a database and a task queue of their own. */
export async function startTestStack({
  sqlConnections = () => ({}),
  stdioServers = () => ({}),
  oidcIssuers = () => [],
  egressAllow = [],
}: StackOptions = {}): Promise<TestStack> {
  const core = await startTestOperations();
  const folder = await mkdtemp(path.join(tmpdir(), 'aos-stack-'));
  const taskQueue = path.basename(folder).toLowerCase();
  const named = { sqlConnections: sqlConnections(core), stdioServers: stdioServers(core) };
  const config = { ...configOf(core, { folder, taskQueue, ...named }), egressAllow, oidcIssuers: oidcIssuers(core) };
  await ensureKeys(config);
  const logLines: string[] = [];
  const logger = createLogger({
    level: 'debug',
    process: 'test',
    ids: contextIds,
    destination: { write: (line: string) => void logLines.push(line) },
  });
  const [api, worker] = await Promise.all([
    createApiParts(config, logger, {
      workflows: { workflowBundle: { codePath: process.env.TEST_WORKFLOW_BUNDLE ?? '' } },
    }),
    createWorkerParts(config),
  ]);
  const server = createServer(api.app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const workers = await startWorkers(worker);
  const more: TestWorkers[] = [];
  const relay = repeat(() => worker.relay.deliver(), { intervalMs: 200, onError: () => {} });
  const sealing = repeat(() => worker.sealer.seal(), { intervalMs: 500, onError: () => {} });
  const connection = await Connection.connect({ address: config.temporal.address });
  const { tenants, operator_key } = core.keys;
  return {
    ...core,
    ...{ url, folder, taskQueue, worker, workers, logLines },
    temporal: new Client({ connection }),
    as: core.as,
    get operator() {
      return core.operator;
    },
    api: (role = 'admin', tenant = 0) => new ApiClient(url, tenants[tenant]?.[`${role}_key`] ?? ''),
    operatorApi: new ApiClient(url, operator_key),
    async startWorkers(buildId, queue = taskQueue) {
      const workerDeploymentOptions = buildId === undefined ? undefined : workerDeployment(queue, buildId);
      const started = await startWorkers(worker, {
        queue,
        ...(workerDeploymentOptions && { workerDeploymentOptions }),
      });
      more.push(started);
      return started;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await Promise.all([workers, ...more].map((each) => each.stop()));
      await Promise.all([relay.stop(), sealing.stop()]);
      await Promise.all([api.close(), worker.close(), connection.close()]);
      await core.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function startWorkers(
  { connection, options }: WorkerParts,
  { queue, ...version }: { queue?: string } & Pick<WorkerOptions, 'workerDeploymentOptions'> = {},
): Promise<TestWorkers> {
  const workflowBundle = { codePath: process.env.TEST_WORKFLOW_BUNDLE ?? '' };
  const { main, io } = taskQueuesOf(queue ?? options.main.taskQueue);
  const workers = await Promise.all([
    Worker.create({ ...options.main, ...version, taskQueue: main, connection, workflowBundle }),
    Worker.create({ ...options.io, ...version, taskQueue: io, connection }),
  ]);
  const running = workers.map((worker) => worker.run());
  let stopped: Promise<unknown> | undefined;
  const stop = () => {
    workers.forEach((worker) => worker.shutdown());
    return Promise.all(running);
  };
  return {
    async stop() {
      await (stopped ??= stop());
    },
  };
}

function configOf(
  { database }: TestOperations,
  {
    folder,
    taskQueue,
    ...named
  }: { folder: string; taskQueue: string; sqlConnections: SqlConnections; stdioServers: StdioServers },
) {
  const address = process.env.TEST_TEMPORAL_ADDRESS ?? '';
  return {
    dataDir: folder,
    sealLagSecondsMax: 30,
    checkpointDir: undefined,
    checkpointObjects: false,
    checkpointWebhookUrl: undefined,
    logLevel: 'debug',
    apiHost: '127.0.0.1',
    apiPort: 0,
    rates: rateDefaults,
    trustProxy: [],
    mcpHosts: [],
    oidcIssuers: [],
    databaseAppUrl: database.appUrl,
    databaseSystemUrl: database.systemUrl,
    databaseDirectUrl: undefined,
    fileRoots: [folder, path.join(__dirname, '../../examples')],
    egressAllow: [],
    ...named,
    masterKeyFile: path.join(folder, 'master.key'),
    signingKeyFile: path.join(folder, 'signing.pem'),
    embedder: undefined,
    embedderThreads: 1,
    taskQueue,
    testBarrier: undefined,
    metricsHost: '127.0.0.1',
    metricsPort: undefined,
    versioning: undefined,
    temporal: { address, namespace: 'default', connection: { address } },
  } satisfies ApiConfig & WorkerConfig;
}
