import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { dataFolder, readJsonLines } from './report';

const Document = z.object({ id: z.string(), text: z.string() });
const Query = z.object({ text: z.string() });

const read = <T>(schema: z.ZodType<T>, file: string): T[] =>
  readJsonLines(path.join(dataFolder(), 'cranfield', file)).map((line) => schema.parse(line));

export const readDocuments = () => read(Document, 'documents.jsonl');
export const readQueries = (): string[] => read(Query, 'queries.jsonl').map(({ text }) => text);

/** Writes the texts as files, one a document, and returns their folder. */
export async function writeDocuments(
  folder: string,
  documents: readonly { readonly id: string; readonly text: string }[],
): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const { id, text } of documents) await writeFile(path.join(folder, `${id}.txt`), text);
  return folder;
}
