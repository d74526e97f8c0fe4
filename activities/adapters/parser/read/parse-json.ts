import { recordText } from './record-text';
import { UnreadableDocument } from '../port';

/** Text of a JSON document: that of its record, or of every record when it is an array. */
export function parseJson(text: string): string {
  const value = parse(text, () => 'The document is not valid JSON.');
  const records: readonly unknown[] = Array.isArray(value) ? value : [value];
  return joinRecords(records);
}

/** Text of every line of a JSON Lines document; a broken line is named by its number, from 1. */
export function parseJsonLines(text: string): string {
  const records = text
    .split('\n')
    .map((line, index) => (line.trim() === '' ? undefined : parse(line, () => `Line ${index + 1} is not valid JSON.`)));
  return joinRecords(records);
}

function joinRecords(records: readonly unknown[]): string {
  return records
    .map((record) => recordText(record))
    .filter((record) => record !== '')
    .join('\n\n');
}

function parse(text: string, message: () => string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnreadableDocument('malformed', message());
  }
}
