import type { DocumentFormat } from '../port';

type NamedByType = Extract<DocumentFormat, 'markdown' | 'html' | 'text' | 'csv' | 'json' | 'jsonl' | 'eml'>;

const formats: Readonly<Record<string, NamedByType>> = {
  'text/html': 'html',
  'application/xhtml+xml': 'html',
  'text/markdown': 'markdown',
  'text/csv': 'csv',
  'text/tab-separated-values': 'csv',
  'application/json': 'json',
  'application/x-ndjson': 'jsonl',
  'application/jsonl': 'jsonl',
  'message/rfc822': 'eml',
};

/** The kind of text that a media type promises (RFC 9110, section 8.3); `text/plain` is said of anything. */
export function formatByType(contentType: string | undefined): NamedByType | undefined {
  return formats[(contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''];
}

/** The charset parameter of a media type, where it names an encoding of the WHATWG standard. */
export function charsetOf(contentType: string | undefined): string | undefined {
  const named = /;\s*charset\s*=\s*"?([\w.:-]{1,40})/i.exec(contentType ?? '')?.[1];
  return named !== undefined && isEncoding(named) ? named : undefined;
}

/** What an HTML page says of itself in its first kilobyte (HTML standard, "prescan a byte stream"). */
export function charsetOfHtml(bytes: Buffer): string | undefined {
  const head = bytes.toString('latin1', 0, 1_024);
  const named = /<meta\b[^>]{0,512}?\bcharset\s*=\s*["']?([\w.:-]{1,40})/i.exec(head)?.[1];
  return named !== undefined && isEncoding(named) ? named : undefined;
}

function isEncoding(label: string): boolean {
  try {
    return new TextDecoder(label).encoding !== '';
  } catch {
    return false;
  }
}
