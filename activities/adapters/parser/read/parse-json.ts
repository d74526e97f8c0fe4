import { recordText } from './record-text';
import { UnreadableDocument } from '../port';
import { joinTexts } from './join-texts';
import { jsonValue } from './json-value';

/** Text of a JSON document: that of its record, or of every record when it is an array. */
export function parseJson(text: string): string {
  const value = parse(text, () => 'The document is not valid JSON.');
  const records: readonly unknown[] = Array.isArray(value) ? value : [value];
  const texts = joinTexts('\n\n');
  for (const record of records) texts.add(recordText(record));
  return texts.text();
}

/** Text of every line of a JSON Lines document; a broken line is named by its number, from 1. */
export function parseJsonLines(text: string): string {
  const texts = joinTexts('\n\n');
  for (let start = 0, number = 1; start < text.length; number += 1) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    const line = text.slice(start, end);
    if (line.trim() !== '') texts.add(recordText(parse(line, () => `Line ${number} is not valid JSON.`)));
    start = end + 1;
  }
  return texts.text();
}

function parse(text: string, message: () => string): unknown {
  try {
    return jsonValue(text);
  } catch (error) {
    if (error instanceof UnreadableDocument) throw error;
    throw new UnreadableDocument('malformed', message());
  }
}
