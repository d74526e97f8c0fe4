import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { StartError } from '../terminal';
import { searchAttributes } from './search-attributes';

// One shard's queues are polled at most 20 times a second by default, so that every hop would wait up to 50 ms.
const tuning = [
  'history.transferProcessorMaxPollRPS=2000',
  'history.timerProcessorMaxPollRPS=2000',
  'history.visibilityProcessorMaxPollRPS=200',
].flatMap((value) => ['--dynamic-config-value', value]);

export interface DevServerOptions {
  readonly binary: string;
  readonly port: number;
  /** Without one there is no web page. */
  readonly uiPort?: number;
  readonly namespace: string;
  /** Without one the data lives in memory. */
  readonly databaseFile?: string;
  readonly logFile: string;
}

/** Starts the Temporal dev server, tuned, with our search attributes. */
export function startDevServer(options: DevServerOptions): ChildProcess {
  const { binary, port, uiPort, namespace, databaseFile, logFile } = options;
  const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--namespace', namespace];
  args.push(...(uiPort === undefined ? ['--headless'] : ['--ui-port', String(uiPort)]));
  args.push('--log-level', 'error', ...tuning);
  args.push(...searchAttributes.flatMap((name) => ['--search-attribute', `${name}=Keyword`]));
  if (databaseFile !== undefined) {
    mkdirSync(path.dirname(databaseFile), { recursive: true });
    args.push('--db-filename', databaseFile);
    args.push('--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL');
  }
  mkdirSync(path.dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a', 0o600);
  const { PATH, HOME } = process.env;
  // TEMPORAL_* would configure the command; this server is described by its flags alone.
  const env = { PATH, HOME };
  const child = spawn(binary, args, { stdio: ['ignore', log, log], detached: true, env });
  closeSync(log);
  return child;
}

/** Returns when the namespace answers. */
export async function temporalReady(
  child: ChildProcess,
  { port, namespace, logFile }: Pick<DevServerOptions, 'port' | 'namespace' | 'logFile'>,
): Promise<void> {
  const until = Date.now() + 60_000;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new StartError(`The Temporal server stopped at once; its log: ${logFile}`);
    }
    if (await answers(`127.0.0.1:${port}`, namespace)) return;
    if (Date.now() > until) throw new StartError(`The Temporal server did not answer within 60 s; its log: ${logFile}`);
    await sleep(100);
  }
}

async function answers(address: string, namespace: string): Promise<boolean> {
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ address, connectTimeout: 1_000 });
    await connection.workflowService.describeNamespace({ namespace });
    return true;
  } catch {
    return false;
  } finally {
    await connection?.close();
  }
}
