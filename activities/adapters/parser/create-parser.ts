import { decodeText, normaliseText } from './decode-text';
import { formatByContent, formatByName } from './detect-format';
import { parseCsv } from './parse-csv';
import { parseHtml } from './parse-html';
import { parseJson, parseJsonLines } from './parse-json';
import { parseMarkdown } from './parse-markdown';
import { type DocumentFormat, type ParseDocument, UnreadableDocument } from './port';

type ParseText = (text: string, name: string) => string | Promise<string>;

const parsers: Readonly<Record<DocumentFormat, ParseText>> = {
  markdown: parseMarkdown,
  html: parseHtml,
  text: (text) => text,
  csv: parseCsv,
  json: parseJson,
  jsonl: parseJsonLines,
};

/** The parser of every format the engine reads without a service. */
export function createParser(): ParseDocument {
  return async ({ name, bytes }) => {
    const named = formatByName(name);
    const text = named ? decodeText(bytes) : decodeUnnamed(bytes);
    const format = named ?? formatByContent(text);
    if (format === null) throw unknownFormat();
    const parsed = normaliseText(await parseShallow(() => parsers[format](text, name))).trim();
    if (parsed === '') throw new UnreadableDocument('empty', 'The document holds no text.');
    return { format, text: parsed };
  };
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
