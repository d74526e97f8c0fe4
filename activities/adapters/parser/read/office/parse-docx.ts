import { convertToHtml } from 'mammoth';
import { parseHtml } from '../parse-html';
import { orDamaged } from '../or-damaged';
import { checkedCopy } from './checked-copy';
import type { Archive } from './open-archive';

/** Words of paragraphs, lists, tables and notes of a Word document. */
export async function parseDocx(archive: Archive): Promise<string> {
  const buffer = checkedCopy(archive);
  const { value } = await orDamaged('Word document', () =>
    convertToHtml({ buffer }, { includeEmbeddedStyleMap: false, ignoreEmptyParagraphs: true }),
  );
  return parseHtml(withPlainCells(value)).replaceAll(/\n{3,}/g, '\n\n');
}

/** Every cell holds a paragraph, which would take a row apart. */
function withPlainCells(html: string): string {
  return html.replaceAll(/<(td|th)([^<>]*)><p>/g, '<$1$2>').replaceAll(/<\/p><\/(td|th)>/g, '</$1>');
}
