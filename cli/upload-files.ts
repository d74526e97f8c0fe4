import { readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import type { ApiClient, Row } from './api-client';
import { usageFailure } from './failures';

export interface LocalFile {
  readonly file: string;
  readonly name: string;
  readonly bytes: number;
}

export interface UploadResult {
  readonly accepted: readonly Row[];
  readonly rejected: readonly Row[];
}

const filesPerRequest = 20;
const bytesPerRequest = 64 * 1024 * 1024;
const uploadTimeoutMs = 15 * 60_000;

/** The files that are meant; a folder stands for the files below it, named by their path within it. */
export function localFiles(paths: readonly string[], cwd: string): readonly LocalFile[] {
  const files = paths.flatMap((each) => {
    const absolute = path.resolve(cwd, each);
    const stat = statSync(absolute, { throwIfNoEntry: false });
    if (stat === undefined) throw usageFailure(`${each} does not exist`);
    if (stat.isDirectory()) return filesBelow(absolute, '');
    return [{ file: absolute, name: path.basename(absolute), bytes: stat.size }];
  });
  const names = files.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw usageFailure(`two files are named ${twice}: one would become a version of the other`);
  if (files.length === 0) throw usageFailure('there are no files to upload');
  return files;
}

/** Sends the files in requests of bounded size, and tells after each how many are through. */
export async function uploadFiles(
  api: ApiClient,
  planeId: string,
  files: readonly LocalFile[],
  options: { sourceId?: string; idempotencyKey?: string; sent?: (count: number) => void },
): Promise<UploadResult> {
  const accepted: Row[] = [];
  const rejected: Row[] = [];
  const keyBase = options.idempotencyKey ?? randomUUID();
  let sent = 0;
  for (const [index, batch] of batches(files).entries()) {
    const data = await api.write(
      'POST',
      `/planes/${encodeURIComponent(planeId)}/documents`,
      await form(batch, options),
      {
        idempotencyKey: index === 0 ? keyBase : `${keyBase}-${index + 1}`,
        timeoutMs: uploadTimeoutMs,
      },
    );
    accepted.push(...rows(data['accepted']));
    rejected.push(...rows(data['rejected']));
    sent += batch.length;
    options.sent?.(sent);
  }
  return { accepted, rejected };
}

function filesBelow(folder: string, prefix: string): LocalFile[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries
    .filter(({ name }) => !name.startsWith('.'))
    .flatMap((entry) => {
      const file = path.join(folder, entry.name);
      const name = `${prefix}${entry.name}`;
      if (entry.isDirectory()) return filesBelow(file, `${name}/`);
      return entry.isFile() ? [{ file, name, bytes: statSync(file).size }] : [];
    });
}

function batches(files: readonly LocalFile[]): readonly (readonly LocalFile[])[] {
  const result: LocalFile[][] = [];
  let bytes = 0;
  for (const file of files) {
    const last = result.at(-1);
    bytes += file.bytes;
    if (last === undefined || last.length >= filesPerRequest || bytes > bytesPerRequest) {
      result.push([file]);
      bytes = file.bytes;
    } else {
      last.push(file);
    }
  }
  return result;
}

async function form(files: readonly LocalFile[], { sourceId }: { sourceId?: string }): Promise<FormData> {
  const body = new FormData();
  // Fields go first: the server streams, and must know the source before the first file.
  if (sourceId !== undefined) body.append('source_id', sourceId);
  for (const { file, name } of files) body.append('files', new Blob([new Uint8Array(await readFile(file))]), name);
  return body;
}

function rows(value: unknown): readonly Row[] {
  return Array.isArray(value) ? (value as Row[]) : [];
}
