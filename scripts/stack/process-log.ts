import type { ChildProcess } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, renameSync, statSync, type WriteStream } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Say } from './terminal';

const bytesMax = 50e6;
const errorLevel = 50;

export interface ProcessLog {
  /** Keeps everything the process says in the file, and shows its errors on the terminal. */
  follow(child: ChildProcess): void;
  lastWords(): string | undefined;
}

export function createProcessLog({ name, file, say }: { name: string; file: string; say: Say }): ProcessLog {
  const log = openLog(file);
  let words: string | undefined;
  return {
    follow(child) {
      for (const stream of [child.stdout, child.stderr]) {
        if (stream === null) continue;
        createInterface({ input: stream }).on('line', (line) => {
          log.write(`${line}\n`);
          const important = importantPart(line);
          if (important === undefined) return;
          if (important !== words) say(`${name}: ${important}`);
          words = important;
        });
      }
    },
    lastWords: () => words,
  };
}

/** The message of a JSON line of level error or worse; a plain line is what Node or a start failure prints. */
export function importantPart(line: string): string | undefined {
  if (!line.startsWith('{')) return /^\s*(at |$)/.test(line) ? undefined : line.trim();
  try {
    const { level, msg, err } = JSON.parse(line) as { level?: number; msg?: string; err?: { message?: string } };
    if (level === undefined || level < errorLevel) return undefined;
    return [msg, err?.message].filter((part, index, all) => part && all.indexOf(part) === index).join(': ');
  } catch {
    return line.trim();
  }
}

/** One older file is kept, so that logs cannot fill the disk. */
function openLog(file: string): WriteStream {
  mkdirSync(path.dirname(file), { recursive: true });
  if (existsSync(file) && statSync(file).size > bytesMax) renameSync(file, `${file}.1`);
  return createWriteStream(file, { flags: 'a', mode: 0o600 });
}
