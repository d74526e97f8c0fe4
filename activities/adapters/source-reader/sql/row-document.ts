import { Readable } from 'node:stream';
import type { SqlColumns } from '../../../../contracts/sql-templates';
import { UnreadableDocument } from '../../parser/port';
import type { SourceItem } from '../port';
import { sqlLimits } from './limits';
import type { SqlRow } from './row-stream';

const extensions = { text: 'txt', markdown: 'md', html: 'html' } as const;

/** A row as a document: its id and the form of its content make the name. */
export function toDocument(row: SqlRow, columns: SqlColumns): SourceItem {
  const format = columns.content === undefined ? 'text' : columns.content_format;
  const name = `${row.id}.${extensions[format]}`;
  if (row.bytes > sqlLimits.rowBytesMax) {
    const reason = new UnreadableDocument('too_large', 'the texts of the row are larger than 4 MB');
    return { name, bytes: row.bytes, open: () => Promise.reject(reason) };
  }
  const content = Buffer.from(textOf(row, columns, format));
  return { name, bytes: content.length, open: async () => Readable.from([content]) };
}

function textOf({ texts }: SqlRow, columns: SqlColumns, format: keyof typeof extensions): string {
  if (columns.content === undefined) return linesOf(texts, Object.keys(texts)).join('\n');
  const content = texts[columns.content] ?? '';
  const lines = linesOf(texts, columns.metadata);
  if (lines.length === 0) return content;
  // Without content there is nothing that these would describe.
  if (content.trim() === '') return '';
  return format === 'html'
    ? `${lines.map((line) => `<p>${escapeHtml(line)}</p>`).join('')}${content}`
    : `${lines.join('\n')}\n\n${content}`;
}

function linesOf(texts: SqlRow['texts'], names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const value = texts[name] ?? null;
    return value === null || value === '' ? [] : [`${name}: ${value}`];
  });
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
