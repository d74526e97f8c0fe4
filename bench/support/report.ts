import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

/** Folder of the sample data: `--data DIR`, else AOS_BENCH_DATA, else `../shared/data` beside the project. */
export function dataFolder(): string {
  const { values } = parseArgs({ options: { data: { type: 'string' } }, strict: false });
  const chosen = values.data ?? process.env.AOS_BENCH_DATA;
  return path.resolve(typeof chosen === 'string' ? chosen : path.join(__dirname, '../../../shared/data'));
}

export function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

export function readJsonLines(file: string): unknown[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}

/** One cell of a bench, as a line of JSON. A failed cell makes the process end with status 1. */
export function report(cell: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(cell, (_, value: unknown) => roundNumber(value))}\n`);
  if (cell.ok === false) process.exitCode = 1;
}

/** Runs the work until it has taken half a second at least; milliseconds of the fastest run. */
export function fastestMs(work: () => void, runsMin = 5): number {
  let fastest = Infinity;
  const began = performance.now();
  for (let run = 0; run < runsMin || performance.now() - began < 500; run += 1) {
    const start = performance.now();
    work();
    fastest = Math.min(fastest, performance.now() - start);
  }
  return fastest;
}

function roundNumber(value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Math.round(value * 10_000) / 10_000 : value;
}
