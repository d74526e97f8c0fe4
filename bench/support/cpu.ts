import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ticksPerSecond = 100;

interface ProcessTimes {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

/**
 * Processor seconds that the children of this process have used so far, each with what it has started, by program; on
 * a machine that others use as well this says more than the clock. Empty where /proc does not tell.
 */
export function processorSeconds({ without = [] }: { without?: readonly number[] } = {}): Map<string, number> {
  const all = readProcesses();
  const children = new Map<number, ProcessTimes[]>();
  for (const each of all) children.set(each.parent, [...(children.get(each.parent) ?? []), each]);
  const sum = (of: ProcessTimes): number =>
    (children.get(of.pid) ?? []).reduce((total, child) => total + sum(child), of.ticks);
  const ours = (children.get(process.pid) ?? []).filter(({ pid }) => !without.includes(pid));
  const used = new Map<string, number>();
  for (const child of ours) {
    const program = programOf(child.pid);
    used.set(program, (used.get(program) ?? 0) + sum(child) / ticksPerSecond);
  }
  return used;
}

/** What was used between two readings, the sum under `total`. */
export function usedBetween(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>) {
  const each = [...after].map(([name, seconds]) => [name, seconds - (before.get(name) ?? 0)] as const);
  return { total: each.reduce((sum, [, seconds]) => sum + seconds, 0), ...Object.fromEntries(each) };
}

/** The process that this one has started, directly, to run the script. */
export function childPid(script: string): number {
  const found = readProcesses().find(({ pid, parent }) => parent === process.pid && programOf(pid) === script);
  if (found === undefined) throw new Error(`No child of this process runs ${script}.`);
  return found.pid;
}

/** Processor seconds of one process with all its threads. */
export function ownProcessorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function readProcesses(): ProcessTimes[] {
  return entries('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        // The name in parentheses may hold anything, so fields are counted from behind it.
        const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
          .replace(/^.*\) /s, '')
          .split(' ')
          .map(Number);
        const [, parent = 0] = fields;
        // utime, stime, and those of children that were waited for.
        const ticks = fields.slice(11, 15).reduce((total, each) => total + each, 0);
        return [{ pid: Number(name), parent, ticks }];
      } catch {
        return [];
      }
    });
}

function programOf(pid: number): string {
  const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  const script = words.find((word) => word.endsWith('.js'));
  return path.basename(script ?? words.find((word) => word.startsWith('/')) ?? words[0] ?? '');
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
