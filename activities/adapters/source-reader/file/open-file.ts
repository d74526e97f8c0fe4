import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { EngineError } from '../../../../contracts/errors';
import { isInside } from './resolve-folder';

/**
 * Opens a listed file again by its name. What was a file at listing may be a link or a pipe by now: the path is
 * resolved anew, the last component is not followed, opening never waits for a writer, and the open file is checked.
 */
export async function openFile(folder: string, name: string): Promise<Readable> {
  const real = await realpath(path.join(folder, name)).catch(gone);
  if (!isInside(real, folder)) throw new EngineError('resource_not_found', `${name} leads out of its folder by now.`);
  const handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(gone);
  const isRegular = (await handle.stat()).isFile();
  // A folder on the way may have become a link between the two calls; the kernel knows what was opened.
  const opened = await realpath(`/proc/self/fd/${handle.fd}`).catch(() => real);
  if (isRegular && isInside(opened, folder)) return handle.createReadStream();
  await handle.close();
  throw new EngineError('resource_not_found', `${name} is no regular file of its folder by now.`);
}

function gone(error: unknown): never {
  throw new EngineError('resource_not_found', 'The file has gone, or cannot be read.', { cause: error });
}
