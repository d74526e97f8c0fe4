import { statSync, type Stats } from 'node:fs';
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
  return servers;
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
