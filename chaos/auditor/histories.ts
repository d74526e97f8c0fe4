import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const HistoryFileSchema = z.object({
  workflowId: z.string(),
  runId: z.string().default(''),
  status: z.string().default(''),
  history: z.object({ events: z.array(z.looseObject({ eventType: z.string() })) }),
});

/** An exported history, in protobuf's JSON with names of enums. */
export type HistoryFile = z.infer<typeof HistoryFileSchema>;

export function readHistories(folder: string): HistoryFile[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return files
    .toSorted()
    .map((name) => HistoryFileSchema.parse(JSON.parse(readFileSync(path.join(folder, name), 'utf8'))));
}

/** Every payload of the history, decoded. A payload is what has `metadata` and `data` in base64. */
export function* payloadsOf(value: unknown): Generator<Buffer> {
  if (value === null || typeof value !== 'object') return;
  const { metadata, data } = value as { metadata?: unknown; data?: unknown };
  if (metadata !== undefined && typeof data === 'string') yield Buffer.from(data, 'base64');
  for (const each of Object.values(value)) yield* payloadsOf(each);
}
