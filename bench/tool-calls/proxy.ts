import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Proxy {
  readonly pid: number;
  readonly url: string;
  stop(): Promise<void>;
}

/** npm's mcp-proxy in front of the same tool over stdio: a gateway that governs nothing. */
export async function startProxy(): Promise<Proxy> {
  const port = await freePort();
  const packageFile = createRequire(__filename).resolve('mcp-proxy/package.json');
  const program = path.join(path.dirname(packageFile), 'dist/bin/mcp-proxy.mjs');
  const tool = [process.execPath, '--require', require.resolve('tsx/cjs'), path.join(__dirname, 'stdio-server.ts')];
  const child = spawn(
    process.execPath,
    [program, '--host', '127.0.0.1', '--port', String(port), '--server', 'stream', '--', ...tool],
    { stdio: 'ignore' },
  );
  const url = `http://127.0.0.1:${port}/mcp`;
  const isUp = async () => (await fetch(`http://127.0.0.1:${port}/ping`).catch(() => undefined))?.ok === true;
  for (let tries = 0; !(await isUp()); tries += 1) {
    if (tries === 300 || child.exitCode !== null) throw new Error('mcp-proxy did not start');
    await sleep(100);
  }
  return {
    pid: child.pid ?? 0,
    url,
    async stop() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
