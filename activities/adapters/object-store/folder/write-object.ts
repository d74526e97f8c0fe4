import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { EngineError } from '../../../../contracts/errors';
import type { StoredObject } from '../port';

interface WriteOptions {
  readonly bytesMax?: number;
  readonly signal?: AbortSignal;
}

/**
 * Streams the content into a temporary file, flushes it, and renames it to its hash: a crash leaves the whole object
 * or none. Over `bytesMax` it fails with `invalid_input`; whatever fails, the temporary file is removed.
 */
export async function writeObject(
  tenantFolder: string,
  content: Readable | Buffer,
  options: WriteOptions,
): Promise<StoredObject> {
  await mkdir(tenantFolder, { recursive: true });
  const temporary = path.join(tenantFolder, `.${randomUUID()}.part`);
  try {
    const stored = await writeFlushed(temporary, content, options);
    const folder = path.join(tenantFolder, stored.sha256.slice(0, 2));
    await mkdir(folder, { recursive: true });
    await rename(temporary, path.join(folder, stored.sha256));
    // The names must last as well: of the object in its folder, and of that folder in the tenant's.
    await flushFolder(folder);
    await flushFolder(tenantFolder);
    return stored;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
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

async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
