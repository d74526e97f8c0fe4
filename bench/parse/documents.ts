import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  inlineCell,
  officeFile,
  relations,
  sheet,
  slide,
  wordDocument,
  wordParagraph,
} from '../../test/support/office-files';
import { textPdf } from '../../test/support/pdf-files';

const handbook = (name: string) => readFileSync(path.join(__dirname, '../../examples/handbook', name), 'utf8');
const words = handbook('people/first-weeks.txt').replace(/[^\w\s.,]/g, '');
const lines = words.split('\n').filter((line) => line.trim() !== '');
const line = (index: number) => lines[index % lines.length] ?? '';
const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));

/** A document of each format, each of some hundreds of kilobytes of text. */
export const documents: Readonly<Record<string, Buffer>> = {
  'a.txt': Buffer.from(words.repeat(400)),
  'a.md': Buffer.from(handbook('people/leave.md').repeat(60)),
  'a.html': Buffer.from(
    `<!doctype html><html><body>${many(6000, (n) => `<p>${line(n)}</p>`).join('\n')}</body></html>`,
  ),
  'a.csv': Buffer.from(`code,words,more\n${many(6000, (n) => `${n},"${line(n)}",${n * n}`).join('\n')}`),
  'a.json': Buffer.from(JSON.stringify(many(6000, (n) => ({ id: n, title: line(n), tag: 'a' })))),
  'a.pdf': textPdf(many(300, (page) => many(12, (n) => line(page + n)).join(' '))),
  'a.docx': officeFile('docx', {
    'word/document.xml': wordDocument(many(4000, (n) => wordParagraph(line(n))).join('')),
  }),
  'a.xlsx': officeFile('xlsx', {
    'xl/worksheets/sheet1.xml': sheet(
      many(
        6000,
        (n) => `<row r="${n + 1}">${inlineCell(`A${n + 1}`, line(n))}<c r="B${n + 1}"><v>${n}</v></c></row>`,
      ).join(''),
    ),
  }),
  'a.pptx': officeFile('pptx', {
    'ppt/presentation.xml': `<p:presentation xmlns:p="urn:p" xmlns:r="urn:r">${many(500, (n) => `<p:sldId r:id="r${n}"/>`).join('')}</p:presentation>`,
    'ppt/_rels/presentation.xml.rels': relations(many(500, (n) => [`r${n}`, 'slide', `slides/slide${n}.xml`] as const)),
    ...Object.fromEntries(many(500, (n) => [`ppt/slides/slide${n}.xml`, slide(many(8, (m) => line(n + m)).join(' '))])),
  }),
  'a.eml': Buffer.from(
    `From: a@b.example\r\nSubject: words\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n${words.repeat(200)}\r\n--x\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(
      words.repeat(200),
    )
      .toString('base64')
      .replace(/.{76}/g, '$&\r\n')}\r\n--x--\r\n`,
  ),
};
