import { type DocumentFormat, type ParsedDocument, UnreadableDocument } from '../port';
import { asDocument } from './as-document';
import { charsetOf, charsetOfHtml, formatByType } from './content-type';
import { decodeText } from './decode-text';
import { beginsWithHeader, type BinaryFormat, formatByContent, formatByName, openBinary } from './detect-format';
import { parseCsv } from './parse-csv';
import type { OfficeFormat } from './office/office-format';
import type { Archive } from './office/open-archive';
import { parseDocx } from './office/parse-docx';
import { parsePptx } from './office/parse-pptx';
import { parseXlsx } from './office/parse-xlsx';
import { parseEml } from './parse-eml';
import { parseHtml } from './parse-html';
import { parseJson, parseJsonLines } from './parse-json';
import { parseMarkdown } from './parse-markdown';
import { parsePdf } from './parse-pdf';

export interface DocumentBytes {
  readonly name: string;
  readonly bytes: Buffer;
  /** As the far side named it; believed where neither name nor content say otherwise. */
  readonly contentType?: string | undefined;
  /** Mails around this document. */
  readonly mailDepth?: number;
}

type TextFormat = Exclude<DocumentFormat, BinaryFormat | 'eml'>;

const textParsers: Readonly<Record<TextFormat, (text: string, name: string) => string | Promise<string>>> = {
  markdown: parseMarkdown,
  html: parseHtml,
  text: (text) => text,
  csv: parseCsv,
  json: parseJson,
  jsonl: parseJsonLines,
};

const officeParsers: Readonly<Record<OfficeFormat, (archive: Archive) => string | Promise<string>>> = {
  docx: parseDocx,
  xlsx: parseXlsx,
  pptx: parsePptx,
};

/** Text of a document whose format is what its content says; the name decides between kinds of text only. */
export async function readDocument(document: DocumentBytes): Promise<ParsedDocument> {
  const { format, parse } = chooseParser(document);
  return asDocument(format, await parseShallow(parse));
}

interface Choice {
  readonly format: DocumentFormat;
  parse(): string | Promise<string>;
}

function chooseParser({ name, bytes, contentType, mailDepth = 0 }: DocumentBytes): Choice {
  const binary = openBinary(bytes);
  if (binary?.format === 'pdf') return { format: 'pdf', parse: () => parsePdf(binary.bytes) };
  if (binary) return { format: binary.format, parse: () => officeParsers[binary.format](binary.archive) };
  const byName = formatByName(name) ?? formatByType(contentType);
  if (byName === 'eml' && beginsWithHeader(bytes))
    return { format: 'eml', parse: () => parseEml(bytes, { mailDepth, readDocument }) };
  const named = byName === 'eml' ? undefined : byName;
  const charset = charsetOf(contentType) ?? (named === 'html' ? charsetOfHtml(bytes) : undefined);
  const text = named || charset !== undefined ? decodeText(bytes, charset) : decodeUnnamed(bytes);
  const format = formatByContent(text, named);
  if (format === null) throw unknownFormat();
  if (format === 'eml') return { format, parse: () => parseEml(bytes, { mailDepth, readDocument }) };
  return { format, parse: () => textParsers[format](text, name) };
}

/** Without an extension that promises text, bytes that are no text are simply of another format. */
function decodeUnnamed(bytes: Buffer): string {
  try {
    return decodeText(bytes);
  } catch (error) {
    throw error instanceof UnreadableDocument && error.code === 'not_text' ? unknownFormat() : error;
  }
}

/** Parsers descend with the document's nesting: one made to exhaust the stack is malformed, not a crash. */
async function parseShallow(parse: () => string | Promise<string>): Promise<string> {
  try {
    return await parse();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UnreadableDocument('malformed', 'The document is nested too deeply or too large to be parsed.');
  }
}

function unknownFormat(): UnreadableDocument {
  return new UnreadableDocument('unknown_format', 'Neither the name nor the content tells a format that can be read.');
}
