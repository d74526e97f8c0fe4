import { NativeConnection } from '@temporalio/worker';
import { createRunningWork } from './activities/running-work';
import { createDescribeServer } from './activities/tools/describe-server';
import { createBarriers } from './barriers';
import { createMcpUpstream } from './activities/adapters/mcp';
import { createParser } from './activities/adapters/parser';
import { createFileReader } from './activities/adapters/source-reader/file';
import { createHttpReader } from './activities/adapters/source-reader/http';
import { createSqlReader } from './activities/adapters/source-reader/sql';
import { createUploadReader } from './activities/adapters/source-reader/upload';
import { checkpointTargets, createAdapters } from './adapters';
import { createEngine } from './client/engine';
import type { WorkerConfig } from './config';
import { catalogue } from './operations/catalogue';
import { createFanOutReads } from './operations/governance/fan-out-reads';
import { watchSwitches } from './operations/governance/watch-switches';
import { createWorkReads } from './operations/knowledge/work-reads';
import { createReportRefusals } from './operations/limits/report-refusals';
import { resumeReleasedPauses } from './operations/maintenance/resume-released';
import { createRelay } from './operations/outbox/relay';
import { createSealer } from './operations/sealing/sealer';
import { createDispatch } from './operations/registry';
import { createServerReads } from './operations/tools/servers/server-reads';
import { createDatabase } from './operations/transaction/database';
import { openPools } from './operations/transaction/pools';
import { withLease } from './operations/transaction/lease';
import { readKills } from './operations/transaction/read';
import { countFaults } from './telemetry/parser-faults';
import { createProcessMetrics } from './telemetry/process-metrics';
import { traceDelivery, traceDispatch } from './telemetry/traced';
import { createVault } from './vault';
import { readVersion } from './version';
import { readBuildId, workerDeployment } from './worker-deployment';
import { workerOptions } from './worker-options';

export type WorkerParts = Awaited<ReturnType<typeof createWorkerParts>>;

export interface WorkerPartsOptions {
  readonly isTraced?: boolean;
  /** Told of whatever keeps evidence from being sealed. */
  readonly onSealingTrouble?: (error: Error) => void;
  readonly onWatchError?: (error: unknown) => void;
}

/** Everything the worker process is made of, from its settings; `close` ends it in order. */
export async function createWorkerParts(
  config: WorkerConfig,
  { isTraced = false, onWatchError = () => {}, onSealingTrouble = () => {} }: WorkerPartsOptions = {},
) {
  const { databaseAppUrl, databaseSystemUrl, temporal, fileRoots, versioning } = config;
  const deployment =
    versioning === undefined ? undefined : workerDeployment(config.taskQueue, versioning.buildId ?? readBuildId());
  const { metrics, onPool, governance, adapters } = createProcessMetrics(readVersion());
  const pools = await openPools({
    process: 'aos-worker',
    appUrl: databaseAppUrl,
    systemUrl: databaseSystemUrl,
    connectionsMax: 12,
    onPool,
  });
  const { db, switchDb, operatorDb, systemDb, relayDb } = pools;

  const connection = await NativeConnection.connect(temporal.connection);
  const engine = createEngine({ connection, namespace: temporal.namespace, taskQueue: config.taskQueue });
  const relay = createRelay({ db: relayDb, port: isTraced ? traceDelivery(engine) : engine });
  const reachBarrier = createBarriers(config.testBarrier);
  const measured = governance.dispatch(
    createDispatch({
      catalogue,
      db,
      switchDb,
      operatorDb,
      onCommitted(ids) {
        reachBarrier('outbox.before-delivery');
        // The relay looks five times a second; what it finds late is only late.
        void relay.deliver(ids).catch(() => {});
      },
    }),
  );
  const dispatch = isTraced ? traceDispatch(measured) : measured;
  const { egress, publicEgress, embedder, objects, objectSweep, vectors } = createAdapters(config, {
    ...adapters,
    isTraced,
  });
  const sealDb = createDatabase({
    url: databaseSystemUrl,
    connectionsMax: 3,
    applicationName: 'aos-worker-sealer',
    onPool,
  });
  const sealer = createSealer({
    db: sealDb,
    signingKeyFile: config.signingKeyFile,
    reachBarrier,
    onTrouble: onSealingTrouble,
  });
  const targets = checkpointTargets(config, { objects, dispatcher: egress });
  const parser = createParser();
  const reads = createWorkReads(db);
  const sqlReader = createSqlReader({ connections: config.sqlConnections, findTemplate: reads.findSqlTemplate });
  const upstream = createMcpUpstream({ egress });
  const vault = createVault(config.masterKeyFile, { db, dispatch });
  const running = createRunningWork();
  const options = workerOptions({
    dispatch,
    reads,
    sourceReaders: {
      file: createFileReader({ roots: fileRoots }),
      sql: sqlReader,
      upload: createUploadReader({
        objectStore: objects,
        listPending: ({ tenantId, sourceId }, cursor, itemsMax) =>
          reads.listPendingUploads(tenantId, sourceId, { after: cursor ?? '', limit: itemsMax }),
      }),
      http: createHttpReader({ dispatcher: egress, publicDispatcher: publicEgress, objects }),
    },
    objects,
    parse: countFaults(metrics, parser.parse),
    embedder,
    vectors,
    exclusively: (lease, work) => withLease(db, lease, work),
    reachBarrier,
    taskQueue: config.taskQueue,
    isTraced,
    deployment,
    readKills: (input) => readKills(db, input),
    running,
    fanOutReads: createFanOutReads(systemDb),
    serverReads: createServerReads(db),
    upstream,
    describeServer: createDescribeServer({ vault, stdioServers: config.stdioServers }),
    workflows: engine.workflows,
  });
  const watcher = watchSwitches({
    url: config.databaseDirectUrl ?? databaseSystemUrl,
    db: systemDb,
    onChange(notices) {
      running.apply(notices);
      // The regular look finds what this one misses.
      if (notices.some(({ enabled }) => !enabled)) void resumeReleasedPauses(systemDb, dispatch).catch(() => {});
    },
    onError: onWatchError,
  });
  await watcher.ready;
  return {
    ...{ connection, engine, relay, dispatch, systemDb, objectSweep, reachBarrier, options, metrics, deployment },
    ...{ sealer, sealDb, checkpointTargets: targets },
    reportRefusals: createReportRefusals(db),
    vault,
    upstream,
    close: async () => {
      await watcher.stop();
      await Promise.all([sqlReader.close(), upstream.close()]);
      await Promise.all([connection.close(), embedder.close(), egress.close(), publicEgress.close(), parser.close()]);
      await Promise.all([pools.close(), sealDb.destroy()]);
    },
  };
}
