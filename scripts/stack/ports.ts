import { createServer } from 'node:net';
import { StartError } from './terminal';

/** The wanted port, or any free one for 0. A port in use ends the start with the name of its setting. */
export async function choosePort(wanted: number, setting: string, host = '127.0.0.1'): Promise<number> {
  const port = await tryPort(wanted, host);
  if (port === undefined) {
    throw new StartError(`Port ${wanted} is in use: set ${setting} to another port, or to 0 for any free one.`);
  }
  return port;
}

const metricsPortDefault = 7081;

/** The worker's page is nobody's first wish: without a setting, another stack on the default port does not end the start. */
export async function chooseMetricsPort(config: {
  readonly metricsHost: string;
  readonly metricsPort: number | undefined;
}): Promise<number> {
  const { metricsHost: host, metricsPort: wanted } = config;
  if (wanted !== undefined) return choosePort(wanted, 'AOS_WORKER_METRICS_PORT', host);
  return (await tryPort(metricsPortDefault, host)) ?? choosePort(0, 'AOS_WORKER_METRICS_PORT', host);
}

function tryPort(wanted: number, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(new StartError(`Port ${wanted} on ${host} cannot be used: ${error.message}.`));
    });
    server.listen({ port: wanted, host, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
}
