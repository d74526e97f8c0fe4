import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Confinement } from '../port';

/** How a command is started with fewer rights than the worker has. */
export interface Jail extends Confinement {
  /** Stands before the command. */
  readonly prefix: readonly string[];
}

const run = promisify(execFile);
const always = ['own process group', 'no variables of the host', 'working directory of its own', 'bounded output'];
const neverHere = [
  'user of the worker',
  'files that this user may read and write',
  'no limit of memory or processor time',
];

const endsWithWorker = ['setpriv', '--no-new-privs', '--pdeathsig', 'KILL'];
const smallLimits = ['prlimit', '--core=0', '--nofile=1024'];
const namespaces = [
  'unshare',
  '--user',
  '--map-current-user',
  '--ipc',
  '--pid',
  '--fork',
  '--kill-child',
  '--mount-proc',
];

/** Tries once what this machine offers, by doing it. */
export function createJails(): (network: 'none' | 'host') => Promise<Jail> {
  let offered: Promise<{ rights: boolean; limits: boolean; spaces: boolean; noNetwork: boolean }> | undefined;
  return async (network) => {
    offered ??= look();
    const { rights, limits, spaces, noNetwork } = await offered;
    const isCutOff = network === 'none' && noNetwork;
    const parts: readonly (readonly [boolean, readonly string[], string])[] = [
      [rights, endsWithWorker, 'no new privileges, ends with the worker'],
      [spaces, namespaces, 'namespaces of users, processes and IPC'],
      [isCutOff, ['--net'], 'no network'],
      [limits, smallLimits, 'no core dumps, 1,024 open files'],
    ];
    const missing = parts.filter(([isThere]) => !isThere).map(([, , name]) => name);
    return {
      prefix: parts.flatMap(([isThere, command]) => (isThere ? command : [])),
      applied: [...always, ...parts.filter(([isThere]) => isThere).map(([, , name]) => name)],
      missing: [...missing, ...neverHere],
    };
  };
}

async function look() {
  const [rights, limits, spaces, noNetwork] = await Promise.all([
    works(endsWithWorker),
    works(smallLimits),
    works(namespaces),
    works([...namespaces, '--net']),
  ]);
  return { rights, limits, spaces, noNetwork };
}

async function works([command = '', ...args]: readonly string[]): Promise<boolean> {
  try {
    await run(command, [...args, 'true'], { timeout: 5_000, env: {} });
    return true;
  } catch {
    return false;
  }
}
