import { execFile } from 'node:child_process';
import { open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { TestStack } from './stack';

const pathOf = (folder: string, tenantId: string, key: string) =>
  path.join(folder, 'objects', tenantId, key.slice(0, 2), key);

/** Removes the extracted texts of a plane from the object store, as a lost volume would: jobs that need them fail. */
export async function forgetTexts({ owner, folder }: TestStack, planeId: string): Promise<void> {
  const { rows } = await owner.query<{ tenant_id: string; key: string }>(
    `select tenant_id, unnest(array[text_key, indexed_text_key]) as key from knowledge_documents where plane_id = $1`,
    [planeId],
  );
  const keys = rows.filter(({ key }) => key !== null);
  if (keys.length === 0) throw new Error('the plane has no texts to forget');
  for (const { tenant_id, key } of keys) await rm(pathOf(folder, tenant_id, key), { force: true });
}

/** Takes the bytes of one document out of the object store, and returns what puts them back. */
export async function forgetObjects(stack: TestStack, planeId: string, name: string): Promise<() => Promise<void>> {
  const file = await objectOf(stack, planeId, name);
  await rename(file, `${file}.away`);
  return () => rename(`${file}.away`, file);
}

export interface PausedReading {
  /** Resolves when a job has begun to read. */
  begun(): Promise<void>;
  /** Lets it read. */
  goOn(): Promise<void>;
}

/** Makes the next reading of a document wait: a pipe stands in the place of its bytes. */
export async function pauseReading(stack: TestStack, planeId: string, name: string): Promise<PausedReading> {
  const file = await objectOf(stack, planeId, name);
  const bytes = await readFile(file);
  await rename(file, `${file}.away`);
  await promisify(execFile)('mkfifo', [file]);
  const opened = open(file, 'w');
  return {
    begun: async () => void (await opened),
    async goOn() {
      const pipe = await opened;
      // From here on the file itself is there again; who has the pipe open reads from that.
      await rename(`${file}.away`, file);
      await pipe.writeFile(bytes);
      await pipe.close();
    },
  };
}

async function objectOf({ owner, folder }: TestStack, planeId: string, name: string): Promise<string> {
  const { rows } = await owner.query<{ tenant_id: string; version: string }>(
    `select tenant_id, version from knowledge_documents where plane_id = $1 and name = $2`,
    [planeId, name],
  );
  const [document] = rows;
  if (document === undefined) throw new Error(`the plane has no document ${name}`);
  return pathOf(folder, document.tenant_id, document.version);
}
