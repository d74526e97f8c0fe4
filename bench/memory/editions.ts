import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { strToU8, unzipSync, zipSync } from 'fflate';
import { projectRoot } from '../../config';

export interface Original {
  readonly name: string;
  readonly bytes: Buffer;
}

/** The example documents: every format that planes read. */
export function readOriginals(): readonly Original[] {
  const folder = path.join(projectRoot(), 'examples/handbook');
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .toSorted()
    .map((file) => ({ name: path.relative(folder, file), bytes: readFileSync(file) }));
}

/** The document as no other edition of it reads: its text is to be parsed, embedded and indexed anew. */
export function editionOf({ name, bytes }: Original, edition: string): Buffer {
  const extension = path.extname(name);
  const text = () => bytes.toString('utf8');
  switch (extension) {
    case '.docx':
      return rewritten(bytes, /^word\/document\.xml$/, (xml) => inElement(xml, '</w:t>', edition));
    case '.pptx':
      return rewritten(bytes, /^ppt\/slides\/slide1\.xml$/, (xml) => inElement(xml, '</a:t>', edition));
    case '.xlsx':
      return rewritten(bytes, /^xl\/(sharedStrings|worksheets\/sheet1)\.xml$/, (xml) =>
        inElement(xml, '</t>', edition),
      );
    case '.pdf':
      // Other bytes, and so another version, with the same text: the pages are compressed.
      return Buffer.concat([bytes, Buffer.from(`\n% ${edition}\n`)]);
    case '.json':
      return Buffer.from(JSON.stringify({ edition, of: JSON.parse(text()) as unknown }));
    case '.jsonl':
      return Buffer.from(`${JSON.stringify({ edition })}\n${text()}`);
    case '.html':
      return Buffer.from(text().replace(/<\/body>/i, `<p>${edition}</p></body>`));
    case '.csv': {
      const columns = (text().split('\n')[0] ?? '').split(',').length;
      return Buffer.from(`${text().trimEnd()}\n${edition}${','.repeat(columns - 1)}\n`);
    }
    case '.eml':
      return Buffer.from(text().replace(/^subject: /im, `$&${edition} `));
    default:
      return Buffer.from(`${edition}\n\n${text()}`);
  }
}

function inElement(xml: string, end: string, edition: string): string {
  return xml.replace(end, ` ${edition}${end}`);
}

function rewritten(bytes: Buffer, part: RegExp, rewrite: (xml: string) => string): Buffer {
  const parts = unzipSync(bytes);
  for (const [name, content] of Object.entries(parts)) {
    if (part.test(name)) parts[name] = strToU8(rewrite(Buffer.from(content).toString('utf8')));
  }
  return Buffer.from(zipSync(parts, { level: 1 }));
}
