import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client';
import { createRateMeter } from '../byte-meters';
import { exchanges } from '../exchange';
import { notSent, type Trouble } from '../failures';
import type { UpstreamLimits } from '../limits';
import type { ChildServer } from '../port';
import type { Jail } from './confinement';
import { createLastLines } from './last-lines';
import { createLineReader } from './line-reader';

export interface ChildTransportOptions {
  readonly server: ChildServer;
  readonly jail: Jail;
  readonly limits: UpstreamLimits;
  readonly now: () => number;
  /** Why the child ended, or was ended. */
  readonly onTrouble: (trouble: Trouble) => void;
}

/** JSON-RPC over the pipes of a child process, which is ended with everything that it started. */
export function openChildTransport({ server, jail, limits, now, onTrouble }: ChildTransportOptions): Transport {
  if (server.registeredBy !== 'operator') {
    throw notSent('not_permitted', 'Only commands that the operator registered are run.');
  }
  let child: ChildProcess | undefined;
  let ended: Promise<void> | undefined;
  let isClosing = false;
  const words = createLastLines(Object.values(server.env));
  const transport: Transport = { start, send, close };
  return transport;

  async function start(): Promise<void> {
    const folder = await mkdtemp(path.join(tmpdir(), 'aos-mcp-'));
    // What stays of it is no reason to end anything else.
    const removeFolder = () => rm(folder, { recursive: true, force: true }).catch(() => {});
    const [command = '', ...args] = [...jail.prefix(folder), server.command, ...server.args];
    const env = environment(server, jail.home(folder));
    let started: ChildProcess;
    try {
      started = spawn(command, args, { cwd: folder, env, detached: true, stdio: 'pipe' });
    } catch {
      // The system does not take it at all, and its error may quote the environment.
      await removeFolder();
      throw cannotRun();
    }
    child = started;
    ended = new Promise<void>((resolve) => {
      started.once('error', () => resolve());
      started.once('close', () => resolve());
    }).then(async () => {
      killGroup(started);
      await removeFolder();
    });
    void ended.then(() => transport.onclose?.());
    listen(started);
    await new Promise<void>((resolve, reject) => {
      started.once('spawn', resolve);
      started.once('error', () => reject(cannotRun()));
    });
  }

  function listen(started: ChildProcess): void {
    const rate = createRateMeter(limits.bytesPerMinute, now);
    const reader = createLineReader(limits.messageBytes, hear);
    const metered = (take: (chunk: Uint8Array) => void) => (chunk: Buffer) => {
      if (isClosing) return;
      try {
        rate.take(chunk);
        take(chunk);
      } catch (error) {
        onTrouble({ problem: 'too_large', message: `The server sent ${(error as Error).message}.` });
        isClosing = true;
        killGroup(started);
      }
    };
    started.stdout?.on(
      'data',
      metered((chunk) => reader.take(chunk)),
    );
    started.stderr?.on(
      'data',
      metered((chunk) => words.take(chunk)),
    );
    for (const pipe of [started.stdin, started.stdout, started.stderr]) pipe?.on('error', () => {});
    // A grandchild that was left behind may hold the pipes open: the child's own end is what counts.
    started.once('exit', (code, signal) => {
      if (!isClosing) onTrouble(endOf(code, signal));
      killGroup(started);
      const pipes = [started.stdout, started.stderr];
      setTimeout(() => pipes.forEach((pipe) => pipe?.destroy()), limits.childGraceMs).unref();
    });
  }

  function endOf(code: number | null, signal: string | null): Trouble {
    const last = words.read();
    const how = code === null ? `was ended by ${signal}` : `ended with ${code}`;
    return { problem: 'connection_lost', message: `The server ${how}${last === '' ? '.' : `: ${last}`}` };
  }

  // What is no JSON is taken for a log line: servers print them to the wrong pipe.
  function hear(line: string): void {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      return;
    }
    if (typeof message === 'object' && message !== null && 'jsonrpc' in message) {
      transport.onmessage?.(message as JSONRPCMessage);
    }
  }

  async function send(message: JSONRPCMessage): Promise<void> {
    const exchange = exchanges.getStore();
    const pipe = child?.stdin;
    if (pipe == null || !pipe.writable || isClosing) throw new Error('the child has ended');
    if (exchange !== undefined) exchange.isDispatched = true;
    await new Promise<void>((resolve, reject) => {
      pipe.write(`${JSON.stringify(message)}\n`, (error) => (error == null ? resolve() : reject(error)));
    });
  }

  async function close(): Promise<void> {
    isClosing = true;
    if (child === undefined) return transport.onclose?.();
    child.stdin?.end();
    const killing = setTimeout(killGroup, limits.childGraceMs, child);
    await ended;
    clearTimeout(killing);
  }
}

function cannotRun() {
  return notSent('cannot_connect', 'The command of the server cannot be run.');
}

function environment({ env }: ChildServer, home: string): Record<string, string> {
  return { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: home, TMPDIR: home, LANG: 'C.UTF-8', ...env };
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}
