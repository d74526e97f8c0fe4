import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { temporal } from '@temporalio/proto';

const { History } = temporal.api.history.v1;

/** One file of the folder: what replays, and what it was. Events as protobuf's own JSON with names of enums. */
export interface ExportedHistory {
  readonly workflowId: string;
  readonly runId: string;
  readonly type: string;
  readonly status: string;
  readonly history: { readonly events: readonly unknown[] };
}

/** Writes the history of every execution there is, one JSON file each. Answers how many. */
export async function exportHistories(address: string, folder: string): Promise<number> {
  await mkdir(folder, { recursive: true });
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  let count = 0;
  try {
    for await (const { workflowId, runId, type, status } of client.workflow.list()) {
      const fetched = await client.workflow.getHandle(workflowId, runId).fetchHistory();
      const history = History.toObject(History.fromObject(fetched), { enums: String, longs: String, bytes: String });
      const exported = { workflowId, runId, type, status: status.name, history } as ExportedHistory;
      count += 1;
      await writeFile(path.join(folder, `${String(count).padStart(5, '0')}.json`), JSON.stringify(exported));
    }
  } finally {
    await connection.close();
  }
  return count;
}

/** How many of them had begun to work on a job before their code was changed, and went on behind the patch. */
export function movedHistories(folder: string): number {
  const moved = readdirSync(folder).filter((name) => {
    const text = readFileSync(path.join(folder, name), 'utf8');
    const { history } = JSON.parse(text) as { history: { events: { eventType: string }[] } };
    const types = history.events.map(({ eventType }) => eventType);
    const patched = types.indexOf('EVENT_TYPE_MARKER_RECORDED');
    // The first activity of a job comes before the first patch in any version.
    return (
      types.slice(0, Math.max(patched, 0)).filter((type) => type === 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED').length > 1
    );
  });
  return moved.length;
}
