import path from 'node:path';
import { type DocumentFormat, UnreadableDocument } from '../port';
import { jsonValue } from './json-value';
import { officeFormat, type OfficeFormat } from './office/office-format';
import { type Archive, openArchive } from './office/open-archive';

export type BinaryFormat = 'pdf' | OfficeFormat;
type NamedFormat = Exclude<DocumentFormat, BinaryFormat>;

const formats: Readonly<Record<string, NamedFormat>> = {
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
  '.eml': 'eml',
};

/** Format by the extension of the name, or undefined when it says nothing about text. */
export function formatByName(name: string): NamedFormat | undefined {
  return formats[path.posix.extname(name).toLowerCase()];
}

/** Whether the first bytes are those of a format that is no text. */
export function looksBinary(bytes: Buffer): boolean {
  return binaryKind(bytes) !== undefined;
}

function binaryKind(bytes: Buffer): 'pdf' | 'archive' | 'compound' | undefined {
  // Readers of PDF accept some bytes before the header, and so do we.
  if (/^[\0\s\ufeffï»¿]*%PDF-\d/.test(bytes.toString('latin1', 0, 1024))) return 'pdf';
  const magic = bytes.toString('hex', 0, 4);
  if (magic === '504b0304' || magic === '504b0506') return 'archive';
  return magic === 'd0cf11e0' ? 'compound' : undefined;
}

/** A document that is no text, as far as it was opened to see of which format it is. */
export type BinaryDocument =
  { readonly format: 'pdf'; readonly bytes: Buffer } | { readonly format: OfficeFormat; readonly archive: Archive };

/** Opens it by the first bytes and, of an archive, by what it says it holds; undefined when it may be text. */
export function openBinary(bytes: Buffer): BinaryDocument | undefined {
  const kind = binaryKind(bytes);
  if (kind === 'pdf') return { format: 'pdf', bytes };
  if (kind === 'archive') {
    const archive = openArchive(bytes);
    return { format: officeFormat(archive), archive };
  }
  if (kind === 'compound') {
    const isEncrypted = bytes.includes(Buffer.from('EncryptedPackage', 'utf16le'));
    if (isEncrypted) throw new UnreadableDocument('encrypted', 'The document is encrypted with a password.');
    throw new UnreadableDocument('unknown_format', 'The document is of an Office format from before 2007.');
  }
  return undefined;
}

/**
 * Format of a text: what the name says unless the content is clearly something else, else what the content looks like.
 * Null for formats that are text only by accident (PDF, RTF, PostScript).
 */
export function formatByContent(
  text: string,
  named?: Exclude<NamedFormat, 'eml'>,
): Exclude<DocumentFormat, BinaryFormat> | null {
  const head = text.slice(0, 1024).trimStart();
  if (/^(?:\{\\rtf|%!PS)/.test(head)) return null;
  const isHtml = /^(?:<!--[^]{0,512}?-->\s*)?<(?:!doctype\s+html|html|head|body)[\s>]/i.test(head);
  if (isHtml && (named === 'csv' || named === 'json' || named === 'jsonl')) return 'html';
  if (named) return named;
  if (isHtml) return 'html';
  if (isMail(text.slice(0, 16_384))) return 'eml';
  if (!/^[[{]/.test(head)) return 'text';
  if (isJson(text)) return 'json';
  const lines = text.trimStart().split('\n', 2);
  return lines.length === 2 && isJson(lines[0] ?? '') && isJson(lines[1] || '{}') ? 'jsonl' : 'text';
}

/** Bytes of a mail are not one text: each part may have an encoding of its own. */
export function beginsWithHeader(bytes: Buffer): boolean {
  return /^(?:>?From [^\n]*\n)?[\x21-\x39\x3b-\x7e]{1,76}:/.test(bytes.toString('latin1', 0, 2048));
}

const mailHeader = /^(?:received|return-path|delivered-to|message-id|mime-version|from|to|date|subject):/gim;

/** A block of header fields, three of them those of a mail. */
function isMail(head: string): boolean {
  const block = head.split('\n\n', 1)[0] ?? '';
  const isHeader = block.split('\n', 200).every((line) => /^(?:[\x21-\x39\x3b-\x7e]{1,76}:|[ \t])/.test(line));
  return isHeader && (block.match(mailHeader)?.length ?? 0) >= 3;
}

function isJson(text: string): boolean {
  try {
    jsonValue(text);
    return true;
  } catch (error) {
    if (error instanceof UnreadableDocument) throw error;
    return false;
  }
}
