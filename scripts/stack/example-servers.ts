import { existsSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../config';
import type { StdioServersFile } from '../../contracts/stdio-servers';
import type { z } from 'zod';
import type { Keys } from './credentials';
import { writePrivate } from './files';

export const exampleServer = 'tickets';

/** Offers the example's command to the first tenant, where the operator names no file of his own. */
export async function writeExampleServers({ dataDir, keys }: { dataDir: string; keys: Keys }): Promise<string> {
  const file = path.join(dataDir, 'example-servers.json');
  const tools = path.join(projectRoot(), 'examples/tools');
  // Its libraries may lie beside it. The folder that holds both may be a home or the root of everything.
  const node = path.dirname(process.execPath);
  const folders = [tools, path.join(projectRoot(), 'node_modules'), node, path.resolve(node, '../lib')];
  const servers: z.input<typeof StdioServersFile> = {
    [exampleServer]: {
      command: process.execPath,
      args: [path.join(tools, 'tickets.mjs')],
      folders: folders.filter((folder) => existsSync(folder)).map((folder) => ({ path: folder })),
      tenants: keys.tenants.slice(0, 1).map(({ tenant_id: id }) => id),
    },
  };
  await writePrivate(file, `${JSON.stringify(servers, null, 2)}\n`);
  return file;
}
