import path from 'node:path';
import type { DocumentFormat } from './port';

const formats: Readonly<Record<string, DocumentFormat>> = {
  '.md': 'markdown',
  '.markdown': 'markdown',
  '.html': 'html',
  '.htm': 'html',
  '.txt': 'text',
  '.text': 'text',
  '.log': 'text',
  '.csv': 'csv',
  '.tsv': 'csv',
  '.json': 'json',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
};

/** Format by the extension of the name, or undefined when it says nothing. */
export function formatByName(name: string): DocumentFormat | undefined {
  return formats[path.posix.extname(name).toLowerCase()];
}

/** Format of a text without a telling name; null for formats that are text only by accident (PDF, RTF, PostScript). */
export function formatByContent(text: string): DocumentFormat | null {
  const head = text.slice(0, 1024).trimStart();
  if (/^(?:%PDF-|\{\\rtf|%!PS)/.test(head)) return null;
  if (/^(?:<!--[^]{0,512}?-->\s*)?<(?:!doctype\s+html|html|head|body)[\s>]/i.test(head)) return 'html';
  if (!/^[[{]/.test(head)) return 'text';
  if (isJson(text)) return 'json';
  const lines = text.trimStart().split('\n', 2);
  return lines.length === 2 && isJson(lines[0] ?? '') && isJson(lines[1] || '{}') ? 'jsonl' : 'text';
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
