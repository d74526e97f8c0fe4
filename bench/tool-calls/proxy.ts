import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import path from 'node:path';
import { freePort } from '../../test/support/free-port';
import { until } from '../../test/support/until';

export interface Proxy {
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
  const ended = once(child, 'exit');
  const stop = async () => {
    child.kill();
    await ended;
  };
  try {
    await until(async () => child.exitCode !== null || (await isUp()), { limitMs: 30_000, what: 'mcp-proxy' });
    if (child.exitCode !== null) throw new Error('mcp-proxy did not start');
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}
