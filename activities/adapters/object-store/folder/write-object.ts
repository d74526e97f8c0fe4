import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { EngineError } from '../../../../contracts/errors';
import type { StoredObject } from '../port';
import { flushFolder, type LastingFolders } from './lasting-folders';

interface WriteOptions {
  readonly bytesMax?: number;
  readonly signal?: AbortSignal;
}

/**
 * Streams the content into a temporary file, flushes it, and renames it to its hash: a crash leaves the whole object
 * or none. Over `bytesMax` it fails with `invalid_input`; whatever fails, the temporary file is removed.
 */
export async function writeObject(
  { folders, tenantFolder }: { readonly folders: LastingFolders; readonly tenantFolder: string },
  content: Readable | Buffer,
  options: WriteOptions,
): Promise<StoredObject> {
  await folders.ensure(tenantFolder);
  const known = Buffer.isBuffer(content) ? await findStored(tenantFolder, content, options) : undefined;
  if (known !== undefined) return known;
  const temporary = path.join(tenantFolder, `.${randomUUID()}.part`);
  try {
    const stored = await writeFlushed(temporary, content, options);
    const folder = path.join(tenantFolder, stored.sha256.slice(0, 2));
    await folders.ensure(folder);
    await rename(temporary, path.join(folder, stored.sha256));
    // The name must last as well as the bytes.
    await flushFolder(folder);
    return stored;
  } catch (error) {
    folders.forget();
    await rm(temporary, { force: true });
    throw error;
  }
}

// Text that was parsed out of plain text is often the same bytes again. A damaged object is not the same, and is mended.
async function findStored(
  tenantFolder: string,
  content: Buffer,
  { bytesMax = Infinity, signal }: WriteOptions,
): Promise<StoredObject | undefined> {
  signal?.throwIfAborted();
  if (content.length > bytesMax) return undefined;
  const sha256 = createHash('sha256').update(content).digest('hex');
  const folder = path.join(tenantFolder, sha256.slice(0, 2));
  const stored = await readFile(path.join(folder, sha256)).catch(() => undefined);
  if (stored?.equals(content) !== true) return undefined;
  // Another writer may have named it a moment ago.
  await flushFolder(folder);
  return { sha256, bytes: content.length };
}

async function writeFlushed(file: string, content: Readable | Buffer, options: WriteOptions): Promise<StoredObject> {
  const handle = await open(file, 'wx', 0o600);
  try {
    const stored = await copyHashed(handle, content, options);
    await handle.sync();
    return stored;
  } finally {
    await handle.close();
  }
}

async function copyHashed(
  handle: FileHandle,
  content: Readable | Buffer,
  { bytesMax = Infinity, signal }: WriteOptions,
): Promise<StoredObject> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of Buffer.isBuffer(content) ? [content] : content) {
    signal?.throwIfAborted();
    const chunk = Buffer.isBuffer(piece) ? piece : Buffer.from(piece as string | Uint8Array);
    bytes += chunk.length;
    if (bytes > bytesMax) throw new EngineError('invalid_input', `The content is larger than ${bytesMax} bytes.`);
    hash.update(chunk);
    await writeAll(handle, chunk);
  }
  return { sha256: hash.digest('hex'), bytes };
}

async function writeAll(handle: FileHandle, chunk: Buffer): Promise<void> {
  for (let offset = 0; offset < chunk.length;) {
    const { bytesWritten } = await handle.write(chunk, offset);
    offset += bytesWritten;
  }
}
