import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { until } from './until';

const root = path.join(__dirname, '../..');

export interface AosProcess {
  readonly pid: number;
  readonly logLines: readonly string[];
  /** How it ended: a signal's name, or an exit code. */
  readonly ended: Promise<NodeJS.Signals | number | null>;
  /** What it ended with, once it has. */
  end(): NodeJS.Signals | number | null | undefined;
  /** Waits until a line of its log holds the text; fails when the process ends before. */
  untilLog(text: string): Promise<void>;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

type Program = 'worker.js' | 'api/server.js' | `scripts/${'stack' | 'backup' | 'restore'}/main.js`;

/** A real process of ours, compiled, with nothing of this environment but what it is given. */
export function startAosProcess(program: Program, env: NodeJS.ProcessEnv, args: readonly string[] = []): AosProcess {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, ['--enable-source-maps', path.join(root, 'dist', program), ...args], {
    cwd: root,
    env: { PATH, HOME, LANCEDB_LOG: 'error', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const die = () => child.kill('SIGKILL');
  process.once('exit', die);
  const logLines = collectLines(child);
  let end: NodeJS.Signals | number | null | undefined;
  const ended = new Promise<NodeJS.Signals | number | null>((resolve) =>
    child.once('close', (code, signal) => {
      process.off('exit', die);
      resolve((end = signal ?? code));
    }),
  );
  const signal = async (name: NodeJS.Signals) => {
    child.kill(name);
    await ended;
  };
  return {
    pid: child.pid ?? 0,
    logLines,
    ended,
    end: () => end,
    async untilLog(text) {
      await until(
        () => {
          if (logLines.some((line) => line.includes(text))) return true;
          if (end !== undefined) throw new Error(`${program} ended with ${end}: ${logLines.slice(-10).join('\n')}`);
          return false;
        },
        { what: `a log line with "${text}"` },
      );
    },
    kill: () => signal('SIGKILL'),
    stop: () => signal('SIGTERM'),
  };
}

function collectLines(child: ChildProcess): string[] {
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream?.setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts);
    });
  }
  return lines;
}
