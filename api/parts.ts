import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { Logger } from 'pino';
import { createMcpUpstream } from '../activities/adapters/mcp';
import { createRunningWork } from '../activities/running-work';
import type { ReadKills } from '../activities/stoppable-work';
import { createAskUpstream } from '../activities/tools/ask-upstream';
import { createCallsUnderWay } from '../activities/tools/calls-under-way';
import { createDescribeServer } from '../activities/tools/describe-server';
import { createBarriers } from '../barriers';
import { createAdapters } from '../adapters';
import { hostCalls, type CallHostOptions } from '../call-host';
import { connectLazily } from '../client/connect';
import { createEngine } from '../client/engine';
import { projectRoot, type ApiConfig } from '../config';
import { catalogue } from '../operations/catalogue';
import { createAuditDoor } from '../operations/door';
import { watchSwitches } from '../operations/governance/watch-switches';
import { createLookAtPlane } from '../operations/knowledge/plane-follow';
import { createReadPlane } from '../operations/knowledge/plane-read';
import { createGatewayReads } from '../operations/tools/gateway-reads';
import { createOfferReads } from '../operations/tools/offers';
import { createReportRefusals } from '../operations/limits/report-refusals';
import { createRelay } from '../operations/outbox/relay';
import { createStartedCalls } from '../operations/outbox/started-calls';
import { createDispatch } from '../operations/registry';
import { createDocumentReads } from '../operations/retrieval/document-reads';
import { createHandedCalls } from '../operations/tools/calls/handed-calls';
import { createCallWatchers } from '../operations/tools/calls/call-watchers';
import { createCallReads } from '../operations/tools/calls/call-reads';
import { createDatabase } from '../operations/transaction/database';
import { openPools } from '../operations/transaction/pools';
import { readKills } from '../operations/transaction/read';
import { mayGiveKeys } from '../oidc-issuers';
import { createPrisma } from '../prisma/client';
import { createMediator } from '../retrieval/mediator';
import { createReadServer } from '../retrieval/read-server';
import { collectComponents, collectInstallation } from '../telemetry/installation';
import { createProcessMetrics } from '../telemetry/process-metrics';
import { countShadow } from '../telemetry/shadow-decisions';
import { traceDelivery, traceDispatch } from '../telemetry/traced';
import { boxWith, createVault, sealWith, stateKeysWith } from '../vault';
import { readVersion } from '../version';
import { callWorkerOptions } from '../worker-options';
import { createApp } from './app';
import { createPlaneFeeds } from './events/plane-feeds';
import { createStreams } from './events/streams';
import { createOfferFeeds } from './mcp/offer-feeds';
import { createHealth } from './health';
import { allowedHosts } from './mcp/allowed-hosts';
import { createAuthenticate } from './middleware/authenticate';
import { createAuthenticateKey } from './middleware/authenticate-key';
import { createCountStranger } from './middleware/strangers';
import { createAuthenticateToken } from './oidc/authenticate-token';
import { fetchJson } from './oidc/fetch-json';
import { createKeySet } from './oidc/key-set';
import { loadKeys } from './oidc/load-keys';
import { createVerifyToken } from './oidc/verify-token';
import { createPolicySimulations } from './tools/policy-simulation';
import { createToolCalls } from './tools/tool-calls';

export interface ApiPartsOptions {
  readonly isTraced?: boolean;
  readonly workflows?: CallHostOptions['workflows'];
}

/** Everything the API process is made of, from its settings; `close` ends it in order. */
export async function createApiParts(
  config: ApiConfig,
  logger: Logger,
  { isTraced = false, workflows }: ApiPartsOptions = {},
) {
  const { databaseAppUrl, databaseSystemUrl, temporal } = config;
  const version = readVersion();
  const { metrics, onPool, governance, adapters } = createProcessMetrics(version);
  const pools = await openPools({
    process: 'aos-api',
    appUrl: databaseAppUrl,
    systemUrl: databaseSystemUrl,
    connectionsMax: 20,
    onPool,
  });
  const { db, switchDb, operatorDb, systemDb, relayDb } = pools;
  const throwDb = createDatabase({
    url: databaseAppUrl,
    connectionsMax: 2,
    applicationName: 'aos-api-throw-door',
    onPool,
  });
  const prisma = createPrisma({ databaseUrl: databaseAppUrl, connectionsMax: 10, onPool });

  const connection = connectLazily(temporal.connection);
  const engine = createEngine({ connection, namespace: temporal.namespace, taskQueue: config.taskQueue });
  const relay = createRelay({ db: relayDb, port: isTraced ? traceDelivery(engine) : engine });
  const reachBarrier = createBarriers(config.testBarrier);
  const deliveries = new Set<Promise<unknown>>();
  const measured = governance.dispatch(
    createDispatch({
      catalogue,
      db,
      switchDb,
      operatorDb,
      onCommitted(ids) {
        reachBarrier('outbox.before-delivery');
        // Not awaited: the answer does not depend on it, and the worker's relay delivers what fails here.
        const delivery: Promise<unknown> = relay
          .deliver(ids)
          .catch((error: unknown) => logger.warn({ err: error }, 'delivery left to the relay'))
          .finally(() => deliveries.delete(delivery));
        deliveries.add(delivery);
      },
    }),
  );
  const dispatch = isTraced ? traceDispatch(measured) : measured;
  const { egress, publicEgress, mayBeNamed, embedder, objects, vectors } = createAdapters(config, {
    ...adapters,
    isTraced,
  });
  const documents = createDocumentReads(db);
  const retrieve = governance.retrieve(createMediator({ dispatch, embedder, index: vectors, documents }));
  const running = createRunningWork();
  const watcher = watchSwitches({
    url: config.databaseDirectUrl ?? databaseSystemUrl,
    db: systemDb,
    onChange: (notices) => running.apply(notices),
    onError: (error) => logger.warn({ err: error }, 'the switches are watched by polling for now'),
  });
  const box = boxWith(config.masterKeyFile);
  const upstream = createMcpUpstream({ egress });
  const describeServer = createDescribeServer({
    vault: createVault(config.masterKeyFile, { db, dispatch }),
    stdioServers: config.stdioServers,
  });
  const readServer = createReadServer({ dispatch, ask: createAskUpstream({ upstream, describeServer, running }) });
  const watchers = createCallWatchers();
  const handedCalls = createHandedCalls();
  const killSwitches = { running, readKills: (input: Parameters<ReadKills>[0]) => readKills(db, input) };
  const underWay = createCallsUnderWay({
    ...killSwitches,
    onFailure: (error, { invocationId }) =>
      logger.warn({ err: error, invocationId }, 'a call ended without an outcome'),
  });
  const host = hostCalls({
    config,
    underWay,
    options: callWorkerOptions({
      ...{ ...killSwitches, dispatch, box, objects, upstream, reachBarrier, isTraced, taskQueue: config.taskQueue },
      callReads: createCallReads(db),
      ...{ handedCalls, watchers, underWay, describeServer },
    }),
    ...(workflows !== undefined && { workflows }),
    onError: (error) => logger.warn({ err: error }, 'calls of tools wait: their worker does not run'),
  });
  const trusted = config.oidcIssuers.map((issuer) => ({
    issuer,
    keys: createKeySet({
      issuer: issuer.issuer,
      load: () =>
        loadKeys({
          issuer,
          fetchJson: (url) => fetchJson(url, egress),
          mayGiveKeys: (url) => mayGiveKeys(url, config.egressAllow),
        }),
    }),
  }));
  const startedCalls = createStartedCalls({
    db: systemDb,
    onError: (error) => logger.warn({ err: error }, 'started calls are left to the relay'),
  });
  const toolCalls = createToolCalls({
    ...{ dispatch: countShadow(metrics, dispatch), db, box, logger, results: objects, startedCalls, watchers },
    handedCalls,
    engine: () => host.engine() ?? engine,
    startsHere: () => host.engine() !== undefined,
  });
  collectInstallation(metrics, { db: systemDb, readQueues: () => engine.queueStats() });
  const lookAtPlane = createLookAtPlane(db);
  const streams = createStreams();
  const health = createHealth({
    db,
    systemDb,
    engine,
    stores: { object_store: objects, vector_store: vectors },
    embedder,
    egress,
    masterKeyFile: config.masterKeyFile,
    sealLagSecondsMax: config.sealLagSecondsMax,
    migrations: readMigrations(),
  });
  collectComponents(metrics, health);
  const app = createApp({
    dispatch,
    prisma,
    authenticate: createAuthenticate(
      createAuthenticateKey({ db, throwDb, rates: config.rates }),
      trusted.length === 0
        ? undefined
        : createAuthenticateToken({ verify: createVerifyToken(trusted), db, throwDb, rates: config.rates }),
    ),
    tokenIssuers: config.oidcIssuers.map(({ issuer }) => issuer),
    countStranger: createCountStranger(db),
    reportRefusals: createReportRefusals(db),
    trustProxy: config.trustProxy,
    rates: config.rates,
    retrieve,
    sealSecret: sealWith(config.masterKeyFile),
    toolCalls,
    simulations: createPolicySimulations({ dispatch, box }),
    readServer,
    stateKeys: stateKeysWith(config.masterKeyFile),
    mcpHosts: allowedHosts(config),
    uploads: objects,
    exportFiles: objects,
    mayBeNamed,
    stdioServers: config.stdioServers,
    auditDoor: governance.auditDoor(createAuditDoor(db)),
    streams,
    feeds: createPlaneFeeds({ look: lookAtPlane, prisma, logger }),
    lookAtPlane,
    readPlane: createReadPlane(db),
    gatewayReads: createGatewayReads(db),
    offers: createOfferFeeds({ reads: createOfferReads(db), logger }),
    readSchedule: engine.readSchedule,
    health,
    version,
    metrics,
    isTraced,
    startedAt: new Date(),
    logger,
  });
  const close = async () => {
    await Promise.all([...deliveries, host.stop()]);
    // Until the calls have ended a kill must reach them.
    await watcher.stop();
    await Promise.all([
      upstream.close(),
      connection.close(),
      embedder.close(),
      egress.close(),
      publicEgress.close(),
      prisma.$disconnect(),
    ]);
    await startedCalls.flush();
    await Promise.all([pools.close(), throwDb.destroy()]);
  };
  return { app, metrics, endStreams: () => streams.stop(), close };
}

function readMigrations(): string[] {
  return readdirSync(path.join(projectRoot(), 'prisma/migrations'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}
