import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { UnreadableDocument } from '../port';
import { joinTexts } from './join-texts';

const sliceCharacters = 65_536;
const labelCharactersMax = 200;

/**
 * Text of a table with a header row: each record as lines `header: value`, a blank line between records.
 * Streams through the parser in slices, since a large table has no room as rows of values.
 */
export async function parseCsv(text: string, name: string): Promise<string> {
  const parser = Readable.from(slices(text)).pipe(
    parse({ delimiter: delimiterOf(text, name), relax_column_count: true, relax_quotes: true, skip_empty_lines: true }),
  );
  let headers: readonly string[] | undefined;
  let hasRecords = false;
  const records = joinTexts('\n\n');
  try {
    for await (const row of parser as AsyncIterable<readonly string[]>) {
      if (headers) {
        hasRecords = true;
        records.add(rowText(headers, row));
      } else headers = row.map((header) => header.trim().slice(0, labelCharactersMax));
    }
  } catch (error) {
    if (error instanceof CsvError) throw new UnreadableDocument('malformed', `Broken table: ${messageOf(error)}`);
    throw error;
  }
  return hasRecords ? records.text() : (headers ?? []).join('\n');
}

function rowText(headers: readonly string[], row: readonly string[]): string {
  let text = '';
  for (let index = 0; index < row.length; index += 1) {
    const value = (row[index] ?? '').trim();
    if (value !== '') text += `${text === '' ? '' : '\n'}${headers[index] || `column ${index + 1}`}: ${value}`;
  }
  return text;
}

function* slices(text: string): Generator<string> {
  for (let start = 0; start < text.length; start += sliceCharacters) yield text.slice(start, start + sliceCharacters);
}

function delimiterOf(text: string, name: string): string {
  if (name.toLowerCase().endsWith('.tsv')) return '\t';
  const header = text.slice(0, 4096).trimStart().split('\n', 1)[0] ?? '';
  const counts = [',', ';', '\t'].map((delimiter) => ({ delimiter, count: header.split(delimiter).length }));
  return counts.reduce((best, next) => (next.count > best.count ? next : best)).delimiter;
}

/** The line only: the parser's own words quote the content. */
function messageOf(error: CsvError): string {
  const line: unknown = error.lines;
  return typeof line === 'number' ? `a quote or column is wrong near line ${line}.` : 'a quote or column is wrong.';
}
