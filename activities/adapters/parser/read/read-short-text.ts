import { type ParsedDocument } from '../port';
import { asDocument } from './as-document';
import { charsetOf } from './content-type';
import { decodeText } from './decode-text';
import { formatByContent, formatByName, looksBinary } from './detect-format';

const bytesMax = 1_000_000;

/**
 * A short plain text, or undefined when the document is anything else. Reading it takes a millisecond and grows by
 * nothing that its size does not say, so it needs none of the bounds around other formats.
 */
export function readShortText({
  name,
  bytes,
  contentType,
}: {
  readonly name: string;
  readonly bytes: Buffer;
  readonly contentType?: string | undefined;
}): ParsedDocument | undefined {
  if (bytes.length > bytesMax || formatByName(name) !== 'text' || looksBinary(bytes)) return undefined;
  const text = decodeText(bytes, charsetOf(contentType));
  return formatByContent(text, 'text') === 'text' ? asDocument('text', text) : undefined;
}
