import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { notSent } from '../failures';
import type { ChildProgram, Confinement } from '../port';
import { sealedHome, sealedPrefix } from './sealed-root';

/** How a command is started with fewer rights than the worker has. */
export interface Jail extends Confinement {
  /** Stands before the command; the folder is empty and the command's own. */
  readonly prefix: (folder: string) => readonly string[];
  /** The folder of its own, as the command sees it. */
  readonly home: (folder: string) => string;
}

export type Confined = Pick<ChildProgram, 'network' | 'isolation' | 'folders' | 'limits'>;
export type JailFor = (program: Confined) => Promise<Jail>;

const run = promisify(execFile);
const always = ['own process group', 'no variables of the host', 'working directory of its own', 'bounded output'];
const sealedFrom = 'namespaces of users, processes, IPC and files, with the folders that it is given';

const endsWithWorker = ['setpriv', '--no-new-privs', '--pdeathsig', 'KILL'];
const isRoot = process.getuid?.() === 0;
const tried: Confined['limits'] = { memory_mb: 512, processes: 64, open_files: 1_024, disk_mb: 1 };

/** Whether a command that does nothing can be started with what stands before it; fails when that takes too long to tell. */
export type TryPrefix = (prefix: readonly string[]) => Promise<boolean>;

/**
 * Tries once what this machine offers, by doing it. Fails where a command could not be held back as it must be: none
 * gets a network that it is not to have, and where namespaces are missing only what the operator runs all the same.
 */
export function createJails(tryPrefix: TryPrefix = startsTrue): JailFor {
  let offered: ReturnType<typeof look> | undefined;
  return async (program) => {
    offered ??= look(tryPrefix);
    const { rights, limits, sealed, sealedOffline } = await offered.catch((error: unknown) => {
      // What could not be told is asked for again: it must not count as missing from now on.
      offered = undefined;
      throw error;
    });
    const isOffline = program.network === 'none';
    const isSealed = isOffline ? sealedOffline : sealed;
    if (isOffline && !sealedOffline) throw refused('kept from the network', 'run it with the network of the host');
    if (program.isolation === 'required' && !(rights && limits && isSealed)) {
      throw refused('held back as it must be', 'let it run with the isolation that is offered');
    }
    const parts: readonly (readonly [boolean, string])[] = [
      [rights, 'no new privileges, ends with the worker'],
      [isSealed, sealedFrom],
      [isOffline, 'no network'],
      [limits, 'bounded memory, open files and size of files'],
      [limits && isSealed, 'bounded number of processes'],
      [isSealed && isRoot, 'user of its own'],
    ];
    return {
      prefix: (folder) => [
        ...(rights ? endsWithWorker : []),
        ...(isSealed ? sealedPrefix(program, { root: folder, isRoot }) : []),
        ...(limits ? limitsPrefix(program.limits) : []),
        // Elsewhere every process of the worker's user would count.
        ...(limits && isSealed ? [`--nproc=${program.limits.processes}`] : []),
      ],
      home: (folder) => (isSealed ? sealedHome : folder),
      applied: [...always, ...parts.filter(([isThere]) => isThere).map(([, name]) => name)],
      missing: [...parts.filter(([isThere]) => !isThere).map(([, name]) => name), 'no limit of processor time'],
    };
  };
}

async function look(tryPrefix: TryPrefix) {
  const root = await mkdtemp(path.join(tmpdir(), 'aos-mcp-'));
  const sealing = (network: 'none' | 'host') =>
    tryPrefix([...endsWithWorker, ...sealedPrefix({ network, folders: [], limits: tried }, { root, isRoot })]);
  try {
    const [rights, limits, sealed, sealedOffline] = await Promise.all([
      tryPrefix(endsWithWorker),
      tryPrefix(limitsPrefix(tried)),
      sealing('host'),
      sealing('none'),
    ]);
    return { rights, limits, sealed, sealedOffline };
  } finally {
    await rm(root, { recursive: true, force: true }).catch(() => {});
  }
}

function limitsPrefix({ memory_mb: memory, open_files: files, disk_mb: disk }: Confined['limits']): string[] {
  const mega = 1_048_576;
  return ['prlimit', '--core=0', `--data=${memory * mega}`, `--nofile=${files}`, `--fsize=${disk * mega}`];
}

function refused(what: string, instead: string) {
  return notSent('not_permitted', `No command can be ${what} on this machine; the operator may ${instead}.`);
}

async function startsTrue([command = '', ...args]: readonly string[]): Promise<boolean> {
  try {
    await run(command, [...args, 'true'], { timeout: 5_000, env: { PATH: '/usr/local/bin:/usr/bin:/bin' } });
    return true;
  } catch (error) {
    if ((error as { killed?: boolean }).killed === true) {
      throw notSent('cannot_connect', 'It took too long to tell what holds a command back here; try again.');
    }
    return false;
  }
}
