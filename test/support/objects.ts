import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { TestStack } from './stack';

/** Removes the extracted texts of a plane from the object store, as a lost volume would: jobs that need them fail. */
export async function forgetTexts({ owner, folder }: TestStack, planeId: string): Promise<void> {
  const { rows } = await owner.query<{ tenant_id: string; key: string }>(
    `select tenant_id, unnest(array[text_key, indexed_text_key]) as key from knowledge_documents where plane_id = $1`,
    [planeId],
  );
  const keys = rows.filter(({ key }) => key !== null);
  if (keys.length === 0) throw new Error('the plane has no texts to forget');
  for (const { tenant_id, key } of keys) {
    await rm(path.join(folder, 'objects', tenant_id, key.slice(0, 2), key), { force: true });
  }
}
