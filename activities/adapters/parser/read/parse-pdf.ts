import { getDocumentProxy } from 'unpdf';
import { UnreadableDocument } from '../port';
import { bounds } from './bounds';
import { orDamaged } from './or-damaged';

type Pdf = Awaited<ReturnType<typeof getDocumentProxy>>;

/** Text of every page, a form feed between pages. Scripts, forms, images and fonts are not touched. */
export async function parsePdf(bytes: Buffer): Promise<string> {
  return orDamaged('PDF', async () => {
    const pdf = await open(bytes);
    if (pdf.numPages > bounds.pagesMax) {
      throw new UnreadableDocument('too_large', `The document has more than ${bounds.pagesMax} pages.`);
    }
    const pages: string[] = [];
    let characters = 0;
    for (let number = 1; number <= pdf.numPages && characters <= bounds.textCharactersMax; number += 1) {
      const text = await pageText(pdf, number);
      characters += text.length;
      pages.push(text);
    }
    await pdf.cleanup();
    if (characters === 0) {
      throw new UnreadableDocument('scanned', 'No page has a text layer; the document seems to be scanned.');
    }
    return pages.join('\n\f\n');
  });
}

async function open(bytes: Buffer): Promise<Pdf> {
  try {
    return await getDocumentProxy(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), {
      isEvalSupported: false,
      enableXfa: false,
      disableFontFace: true,
      useSystemFonts: false,
      maxImageSize: 0,
      verbosity: 0,
    });
  } catch (error) {
    if (error instanceof Error && error.name === 'PasswordException') {
      throw new UnreadableDocument('encrypted', 'The document is encrypted with a password.');
    }
    throw error;
  }
}

async function pageText(pdf: Pdf, number: number): Promise<string> {
  const page = await pdf.getPage(number);
  const { items } = await page.getTextContent();
  page.cleanup();
  return items
    .map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : ''))
    .join('')
    .replaceAll('\f', ' ')
    .trim();
}
