import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { notSent } from '../failures';
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

/** Whether a command that does nothing can be started with what stands before it; fails when that takes too long to tell. */
export type TryPrefix = (prefix: readonly string[]) => Promise<boolean>;

/** Tries once what this machine offers, by doing it. Fails where a command was to have no network and would have one. */
export function createJails(tryPrefix: TryPrefix = startsTrue): (network: 'none' | 'host') => Promise<Jail> {
  let offered: ReturnType<typeof look> | undefined;
  return async (network) => {
    offered ??= look(tryPrefix);
    const { rights, limits, spaces, noNetwork } = await offered.catch((error: unknown) => {
      // What could not be told is asked for again: it must not count as missing from now on.
      offered = undefined;
      throw error;
    });
    if (network === 'none' && !noNetwork) {
      throw notSent(
        'not_permitted',
        'No command can be kept from the network here: run it with the network of the host.',
      );
    }
    const parts: readonly (readonly [boolean, readonly string[], string])[] = [
      [rights, endsWithWorker, 'no new privileges, ends with the worker'],
      [spaces, namespaces, 'namespaces of users, processes and IPC'],
      [network === 'none', ['--net'], 'no network'],
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

async function look(tryPrefix: TryPrefix) {
  const [rights, limits, spaces, noNetwork] = await Promise.all([
    tryPrefix(endsWithWorker),
    tryPrefix(smallLimits),
    tryPrefix(namespaces),
    tryPrefix([...namespaces, '--net']),
  ]);
  return { rights, limits, spaces, noNetwork: spaces && noNetwork };
}

async function startsTrue([command = '', ...args]: readonly string[]): Promise<boolean> {
  try {
    await run(command, [...args, 'true'], { timeout: 5_000, env: {} });
    return true;
  } catch (error) {
    if ((error as { killed?: boolean }).killed === true) {
      throw notSent('cannot_connect', 'It took too long to tell what holds a command back here; try again.');
    }
    return false;
  }
}
