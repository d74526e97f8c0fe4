import { type DocumentFormat, type ParsedDocument, UnreadableDocument } from '../port';
import { bounds } from './bounds';
import { normaliseText } from './decode-text';

/** What was read, as the port promises it. */
export function asDocument(format: DocumentFormat, read: string): ParsedDocument {
  const text = trimAroundPages(normaliseText(read));
  if (text.trim() === '') throw new UnreadableDocument('empty', 'The document holds no text.');
  if (text.length > bounds.textCharactersMax) {
    throw new UnreadableDocument('too_large', `The text is longer than ${bounds.textCharactersMax} characters.`);
  }
  return { format, text };
}

/** Form feeds stay: a first page without text still counts. */
function trimAroundPages(text: string): string {
  return text.trimEnd().replace(/^[^\S\f]+/, '');
}
