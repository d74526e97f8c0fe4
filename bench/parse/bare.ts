import { parse as parseCsv } from 'csv-parse/sync';
import { strFromU8, unzipSync } from 'fflate';
import { convert } from 'html-to-text';
import { convertToHtml } from 'mammoth';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { toString } from 'mdast-util-to-string';
import { gfm } from 'micromark-extension-gfm';
import PostalMime from 'postal-mime';
import readSheets from 'read-excel-file/node';
import { SaxesParser } from 'saxes';
import { extractText, getDocumentProxy } from 'unpdf';

const html = (text: string) => convert(text, { wordwrap: false, limits: { maxInputLength: Number.MAX_SAFE_INTEGER } });

/** What each library does in the fewest lines, in this thread and without any bound. */
export const bare: Readonly<Record<string, (bytes: Buffer) => string | Promise<string>>> = {
  'a.txt': (bytes) => new TextDecoder('utf-8', { fatal: true }).decode(bytes),
  'a.md': (bytes) =>
    fromMarkdown(bytes.toString(), { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] })
      .children.map((node) => toString(node))
      .join('\n\n'),
  'a.html': (bytes) => html(bytes.toString()),
  'a.csv': (bytes) =>
    parseCsv<Record<string, string>>(bytes, { columns: true })
      .map((row) => entryLines(row))
      .join('\n\n'),
  'a.json': (bytes) => (JSON.parse(bytes.toString()) as object[]).map((record) => entryLines(record)).join('\n\n'),
  'a.pdf': async (bytes) =>
    (await extractText(await getDocumentProxy(new Uint8Array(bytes)), { mergePages: true })).text,
  'a.docx': async (bytes) => html((await convertToHtml({ buffer: bytes })).value),
  'a.xlsx': async (bytes) => {
    const [{ data: [headers = [], ...rows] = [] } = {}] = await readSheets(bytes);
    return rows
      .map((row) => row.map((value, index) => `${String(headers[index])}: ${String(value)}`).join('\n'))
      .join('\n\n');
  },
  'a.pptx': (bytes) => Object.values(unzipSync(bytes)).map(xmlText).join('\n'),
  'a.eml': async (bytes) => {
    const mail = await PostalMime.parse(bytes, { attachmentEncoding: 'utf8' });
    return [mail.text, ...mail.attachments.map(({ content }) => String(content))].join('\n\n');
  },
};

function entryLines(record: object): string {
  return Object.entries(record)
    .map(([key, value]) => `${key}: ${String(value)}`)
    .join('\n');
}

function xmlText(part: Uint8Array): string {
  const parser = new SaxesParser({ position: false });
  let text = '';
  parser.on('text', (each) => (text += each));
  parser.write(strFromU8(part)).close();
  return text;
}
