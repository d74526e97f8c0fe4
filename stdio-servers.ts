import { realpathSync, statSync, type Stats } from 'node:fs';
import { StdioServersFile, type StdioServers } from './contracts/stdio-servers';
import { readOperatorFile } from './operator-file';

/** The commands that the operator's file lets tenants use, each with the files that it needs in their places. */
export function readStdioServers(file: string): StdioServers {
  const servers = readOperatorFile(file, { schema: StdioServersFile, what: 'servers', isSecret: true });
  for (const [name, { command, folders }] of Object.entries(servers)) {
    if (!isFile(command)) throw new Error(`names a command that is not there: ${name}.command`);
    const missing = folders.findIndex(({ path }) => !isFolder(path));
    if (missing !== -1) throw new Error(`names a folder that is not there: ${name}.folders.${missing}`);
  }
  requireFixedFolders(servers);
  return servers;
}

/**
 * A folder inside one that a command may write to can be put away there for a link, which is followed when it is shown:
 * to whatever of the machine the link names.
 */
function requireFixedFolders(servers: StdioServers): void {
  const all = Object.values(servers).flatMap(({ folders }) => folders);
  const writable = all.filter(({ access }) => access === 'write').map(({ path }) => realpathSync(path));
  for (const [name, { folders }] of Object.entries(servers)) {
    const loose = folders.findIndex(({ path }) =>
      writable.some((outer) => [path, realpathSync(path)].some((each) => each.startsWith(`${outer}/`))),
    );
    if (loose !== -1) {
      throw new Error(`names a folder inside one that a command may write to: ${name}.folders.${loose}`);
    }
  }
}

function isFile(path: string): boolean {
  return lookAt(path)?.isFile() === true;
}

function isFolder(path: string): boolean {
  return lookAt(path)?.isDirectory() === true;
}

function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    // Not there, or behind a folder that this user may not pass.
    return undefined;
  }
}
