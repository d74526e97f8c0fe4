import { readFileSync, readdirSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { fail, ok, skipped, warn, type Check, type Finding, type Patient } from './check';

const nodeMin = [20, 19] as const;
const secretFiles = /^credentials\.json$|\.(key|pem)$|secret/;
const bytesLow = 2 * 2 ** 30;
const bytesTooFew = 200 * 2 ** 20;

export const checkNode: Check = async () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isOld = major < nodeMin[0] || (major === nodeMin[0] && minor < nodeMin[1]);
  const here = `Node ${process.versions.node}`;
  return [isOld ? fail('node', `${here} is too old`, `install Node ${nodeMin.join('.')} or later`) : ok('node', here)];
};

/** Keys and credentials are their owner's alone. */
export const checkFiles: Check = async ({ dataDir }) => {
  const name = 'data folder';
  const names = filesIn(dataDir);
  if (names === undefined) {
    return [
      warn(name, `${dataDir} is not there`, 'start AOS with "npm start", or let AOS_DATA_DIR name another folder'),
    ];
  }
  const open = ['', ...names.filter((each) => secretFiles.test(each))].filter((each) =>
    isOpen(path.join(dataDir, each)),
  );
  const found = open.map((each) => {
    const file = path.join(dataDir, each);
    const next = `chmod ${each === '' ? '700' : '600'} ${file}`;
    return each === ''
      ? warn(name, `${file} can be read by others`, next)
      : fail(name, `${file} can be read by others`, next);
  });
  return found.length > 0 ? found : [ok(name, `${dataDir}, closed to others`)];
};

export const checkDisk: Check = async ({ dataDir }) => {
  const stats = await statfs(dataDir).catch(() => undefined);
  if (stats === undefined) return [skipped('disk', 'there is no data folder')];
  const free = stats.bavail * stats.bsize;
  const message = `${(free / 2 ** 30).toFixed(1)} GB free`;
  if (free < bytesTooFew) return [fail('disk', message, `make room on the disk of ${dataDir}`)];
  return [free < bytesLow ? warn('disk', message, `make room on the disk of ${dataDir}`) : ok('disk', message)];
};

const ports = [
  ['AOS_API_PORT', 7080],
  ['AOS_POSTGRES_PORT', 5433],
  ['AOS_TEMPORAL_PORT', 7233],
  ['AOS_TEMPORAL_UI_PORT', 8233],
] as const;

/** Whether somebody else sits on a port that the next start would take. */
export const checkPorts: Check = async (patient) => {
  const { env } = patient.deps;
  if (isStackRunning(patient)) return [ok('ports', 'held by the local stack')];
  if ((env.AOS_API_URL ?? '') !== '') return [skipped('ports', 'AOS_API_URL names an API elsewhere')];
  const found = await Promise.all(
    ports.map(async ([setting, usual]): Promise<Finding[]> => {
      const port = Number(env[setting] === undefined || env[setting] === '' ? usual : env[setting]);
      if (port === 0 || !(await isTaken(port))) return [];
      const message = `port ${port} is taken although the local stack does not run`;
      return [warn('ports', message, `end what listens there, or set ${setting} to another port (0 for any)`)];
    }),
  );
  return found.flat().length > 0 ? found.flat() : [ok('ports', 'free')];
};

function filesIn(folder: string): string[] | undefined {
  try {
    return readdirSync(folder);
  } catch {
    return undefined;
  }
}

function isOpen(file: string): boolean {
  return process.platform !== 'win32' && (statSync(file, { throwIfNoEntry: false })?.mode ?? 0) % 0o100 !== 0;
}

export function isStackRunning({ dataDir }: Pick<Patient, 'dataDir'>): boolean {
  try {
    const { pid } = JSON.parse(readFileSync(path.join(dataDir, 'run/stack.json'), 'utf8')) as { pid: number };
    return process.kill(pid, 0);
  } catch (error) {
    // It runs, as another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 1_000 });
    const answer = (taken: boolean) => () => {
      socket.destroy();
      resolve(taken);
    };
    socket.once('connect', answer(true)).once('error', answer(false)).once('timeout', answer(false));
  });
}
