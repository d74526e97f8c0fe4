import { strToU8, zipSync } from 'fflate';

const mainTypes = {
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml',
  pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml',
};
export type OfficeFormat = keyof typeof mainTypes;

const mainParts = { docx: 'word/document.xml', xlsx: 'xl/workbook.xml', pptx: 'ppt/presentation.xml' };
const officeRelations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const packageRelations = 'http://schemas.openxmlformats.org/package/2006/relationships';

export type Parts = Readonly<Record<string, string | Uint8Array>>;

/** A smallest Office document; parts given replace its own or come on top. */
export function officeFile(format: OfficeFormat, parts: Parts = {}, { level = 6 }: { level?: 0 | 6 | 9 } = {}): Buffer {
  const all: Parts = {
    '[Content_Types].xml': contentTypes(format),
    '_rels/.rels': relations([['rId1', 'officeDocument', mainParts[format]]]),
    ...ownParts[format],
    ...parts,
  };
  const entries = Object.entries(all).map(([name, part]) => [name, typeof part === 'string' ? strToU8(part) : part]);
  return Buffer.from(zipSync(Object.fromEntries(entries) as Record<string, Uint8Array>, { level }));
}

export const wordDocument = (body: string): string =>
  `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>${body}</w:body></w:document>`;
export const wordParagraph = (text: string): string => `<w:p><w:r><w:t>${text}</w:t></w:r></w:p>`;
export const sheet = (rows: string): string =>
  `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>${rows}</sheetData></worksheet>`;
export const inlineCell = (at: string, text: string): string =>
  `<c r="${at}" t="inlineStr"><is><t>${text}</t></is></c>`;
export const slide = (text: string): string =>
  `<p:sld xmlns:p="urn:p" xmlns:a="urn:a"><p:txBody><a:p><a:r><a:t>${text}</a:t></a:r></a:p></p:txBody></p:sld>`;

export function relations(list: readonly (readonly [id: string, type: string, target: string])[]): string {
  const each = list.map(
    ([id, type, target]) => `<Relationship Id="${id}" Type="${officeRelations}/${type}" Target="${target}"/>`,
  );
  return `<Relationships xmlns="${packageRelations}">${each.join('')}</Relationships>`;
}

const ownParts: Readonly<Record<OfficeFormat, Parts>> = {
  docx: { 'word/document.xml': wordDocument(wordParagraph('words')) },
  xlsx: {
    'xl/workbook.xml': `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="${officeRelations}"><sheets><sheet name="First" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': relations([['rId1', 'worksheet', 'worksheets/sheet1.xml']]),
    'xl/worksheets/sheet1.xml': sheet(`<row r="1">${inlineCell('A1', 'words')}</row>`),
  },
  pptx: {
    'ppt/presentation.xml': `<p:presentation xmlns:p="urn:p" xmlns:r="${officeRelations}"><p:sldIdLst><p:sldId id="256" r:id="rId1"/></p:sldIdLst></p:presentation>`,
    'ppt/_rels/presentation.xml.rels': relations([['rId1', 'slide', 'slides/slide1.xml']]),
    'ppt/slides/slide1.xml': slide('words'),
  },
};

function contentTypes(format: OfficeFormat): string {
  const types = 'http://schemas.openxmlformats.org/package/2006/content-types';
  const defaults = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>';
  const main = `<Override PartName="/${mainParts[format]}" ContentType="${mainTypes[format]}"/>`;
  return `<Types xmlns="${types}">${defaults}<Default Extension="xml" ContentType="application/xml"/>${main}</Types>`;
}
