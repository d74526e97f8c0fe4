import { readFile, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { temporal } from '@temporalio/proto';

const { History } = temporal.api.history.v1;
export type History = temporal.api.history.v1.IHistory;

export interface EventJson extends Record<string, unknown> {
  readonly eventId: string;
  readonly eventType: string;
}

export interface HistoryJson {
  readonly events: readonly EventJson[];
}

export interface RecordedHistory {
  readonly workflowId: string;
  readonly history: HistoryJson;
}

export const historiesFolder = path.join(__dirname, 'histories');

export async function readHistory(name: string): Promise<RecordedHistory> {
  return JSON.parse(await readFile(path.join(historiesFolder, `${name}.json`), 'utf8')) as RecordedHistory;
}

/** One event a line, so that two recordings can be compared. */
export async function writeHistory(name: string, { workflowId, history }: RecordedHistory): Promise<void> {
  const events = withoutMachine(history).events.map((event) => JSON.stringify(event));
  const text = `{"workflowId":${JSON.stringify(workflowId)},"history":{"events":[\n${events.join(',\n')}\n]}}\n`;
  await writeFile(path.join(historiesFolder, `${name}.json`), text);
}

// Readable, and the same on every machine: names of enums, decimal longs, bytes in base64.
export function toJson(history: History): HistoryJson {
  const message = History.fromObject(history);
  return History.toObject(message, { enums: String, longs: String, bytes: String }) as HistoryJson;
}

export const fromJson = (history: HistoryJson): History => History.fromObject(history as object);

// Who recorded it, and where, is of no use to a replay.
const machineKeys = new Set(['identity', 'stackTrace', 'binaryChecksum', 'buildId']);

function withoutMachine(history: HistoryJson): HistoryJson {
  const text = JSON.stringify(history, (key, value: unknown) =>
    machineKeys.has(key) && typeof value === 'string' ? '' : value,
  );
  const places = [path.resolve(__dirname, '../..'), tmpdir(), hostname()];
  return JSON.parse(places.reduce((rest, place) => rest.replaceAll(place, '-'), text)) as HistoryJson;
}
