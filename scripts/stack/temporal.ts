import path from 'node:path';
import type { StackConfig } from '../../config';
import { endLeftover } from './child-process';
import { choosePort } from './ports';
import { supervise, type Supervised, type SuperviseOptions } from './supervise';
import { startDevServer, temporalReady } from './temporal/dev-server';
import { locateTemporal } from './temporal/locate';
import { ensureSearchAttributes } from './temporal/search-attributes';
import { temporalSources } from './temporal/sources';

export interface TemporalServer {
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string | null;
  readonly cli: string | null;
  /** Undefined when the server is not ours. */
  readonly server: Supervised | undefined;
}

/** The server that TEMPORAL_* names, or a dev server of our own. */
export async function startTemporal(
  config: StackConfig,
  options: SuperviseOptions & { signal: AbortSignal },
): Promise<TemporalServer> {
  const { dataDir, say } = options;
  if (await endLeftover(dataDir, 'temporal')) say('Temporal: ended the server that an earlier start left running');
  return config.temporal === undefined ? startOwn(config, options) : useOther(config.temporal, options.signal);
}

async function useOther(temporal: NonNullable<StackConfig['temporal']>, signal: AbortSignal): Promise<TemporalServer> {
  await ensureSearchAttributes(temporal);
  const [onPath, inCache] = temporalSources({ say: () => {} });
  const cli = (await onPath?.find(signal)) ?? (await inCache?.find(signal)) ?? null;
  return { address: temporal.address, namespace: temporal.namespace, uiUrl: null, cli, server: undefined };
}

async function startOwn(
  config: StackConfig,
  options: SuperviseOptions & { signal: AbortSignal },
): Promise<TemporalServer> {
  const { dataDir, say, signal } = options;
  const binary = await locateTemporal(temporalSources({ say }), { say, signal });
  const [port, uiPort] = await Promise.all([
    choosePort(config.temporalPort, 'AOS_TEMPORAL_PORT'),
    choosePort(config.temporalUiPort, 'AOS_TEMPORAL_UI_PORT'),
  ]);
  const namespace = config.temporalNamespace;
  const logFile = path.join(dataDir, 'logs/temporal.log');
  const databaseFile = path.join(dataDir, 'temporal/temporal.db');
  const server = await supervise(
    {
      name: 'temporal',
      start: () => startDevServer({ binary, port, uiPort, namespace, databaseFile, logFile }),
      ready: (child) => temporalReady(child, { port, namespace, logFile }),
      stopSignal: 'SIGTERM',
      stopDeadlineMs: 15_000,
    },
    options,
  );
  return { address: `127.0.0.1:${port}`, namespace, uiUrl: `http://127.0.0.1:${uiPort}`, cli: binary, server };
}
