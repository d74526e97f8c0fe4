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
