import { mkdir, open, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { CheckpointCopy, CheckpointTarget } from '../../../contracts/checkpoint-copies';

/**
 * A file of JSON lines for each day (UTC), appended to and flushed to disk, and the latest note of each tenant as a file
 * of its own. After a crash lines may stand twice, and the one that was being written may be cut.
 */
export function createFolderTarget(folder: string): CheckpointTarget {
  return {
    name: 'folder',
    async copy(checkpoints) {
      await mkdir(path.join(folder, 'latest'), { recursive: true, mode: 0o700 });
      const days = new Set(checkpoints.map(({ created_at: at }) => at.slice(0, 10)));
      for (const day of days) {
        await append(
          path.join(folder, `${day}.jsonl`),
          checkpoints.filter((each) => each.created_at.startsWith(day)),
        );
      }
      const latest = new Map(checkpoints.map((each) => [each.tenant_id, each.note]));
      for (const [tenantId, note] of latest) {
        // A tenant's id is made by AOS, and still must not lead out of the folder.
        const file = path.join(folder, 'latest', `${encodeURIComponent(tenantId)}.note`);
        await writeFile(`${file}.part`, note, { mode: 0o600 });
        await rename(`${file}.part`, file);
      }
    },
  };
}

async function append(file: string, checkpoints: readonly CheckpointCopy[]): Promise<void> {
  const handle = await open(file, 'a+', 0o600);
  try {
    const { size } = await handle.stat();
    const last = size === 0 ? undefined : (await handle.read(Buffer.alloc(1), 0, 1, size - 1)).buffer.toString();
    const lines = checkpoints.map((each) => `${JSON.stringify(each)}\n`).join('');
    await handle.appendFile(last === undefined || last === '\n' ? lines : `\n${lines}`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
