import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { StartError } from '../terminal';

/** How to run a program that refuses to run as root. */
export interface RunAs {
  readonly prefix: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Postgres refuses to run as root. An ordinary user runs it as himself; root runs it in a user namespace, in which root
 * appears as another user and still reaches its own files, private folders included. Where namespaces are not permitted
 * it runs as `nobody`, if need be with the one capability to pass private folders.
 */
export function unprivileged({ program, folder }: { program: string; folder: string }): RunAs {
  if (process.getuid?.() !== 0) return { prefix: [] };
  const nobody = findAccount();
  const { uid, gid } = statSync(folder);
  if (uid === 0) {
    const namespace = { prefix: ['unshare', '--user', `--map-user=${nobody.uid}`, `--map-group=${nobody.gid}`] };
    if (works(namespace, program, folder)) return namespace;
    execFileSync('chown', ['-R', `${nobody.uid}:${nobody.gid}`, folder]);
  }
  const account = uid === 0 ? nobody : { uid, gid };
  const found = [plain(account), withPassage(account)].find((candidate) => works(candidate, program, folder));
  if (found !== undefined) return found;
  throw new StartError(
    `Postgres refuses to run as root and no other way to run it works here: start as an ordinary user, or set DATABASE_URL.`,
  );
}

function plain(account: Account): RunAs {
  return { prefix: [], ...account };
}

function withPassage({ uid, gid }: Account): RunAs {
  const capability = ['--inh-caps=+dac_override', '--ambient-caps=+dac_override'];
  return {
    prefix: ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', ...capability],
    uid,
    gid,
  };
}

function works(runAs: RunAs, program: string, folder: string): boolean {
  const probe = 'test -w "$1" && test "$(id -u)" != 0 && exec "$0" --version';
  const [command, ...args] = [...runAs.prefix, 'sh', '-c', probe, program, folder];
  return spawnSync(command as string, args, { ...spawnIds(runAs), cwd: '/', stdio: 'ignore' }).status === 0;
}

/** setpriv changes the ids by itself; without a prefix Node does. */
export function spawnIds({ prefix, uid, gid }: RunAs): { uid?: number; gid?: number } {
  return prefix.length === 0 && uid !== undefined && gid !== undefined ? { uid, gid } : {};
}

/** An account that exists: initdb looks up the name of the user it runs as. */
function findAccount(): Account {
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name, , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter(({ uid, gid }) => uid > 0 && gid > 0);
  const account = accounts.find(({ name }) => name === 'nobody') ?? accounts[0];
  if (account === undefined) throw new StartError('Postgres cannot run here: there is no user but root.');
  return account;
}
