import { UnreadableDocument } from '../../port';

/**
 * XML as UTF-8, whatever mark it begins with: in UTF-16 a scan of the bytes would see no marks. UTF-16 without a mark and
 * UTF-32 show themselves by NUL bytes, which no XML holds, and are refused.
 */
export function asUtf8(xml: Buffer): Buffer {
  const encoding = utf16Of(xml);
  const copy = encoding ? Buffer.from(decode(encoding, xml)) : xml;
  if (copy.includes(0)) throw damaged();
  return copy;
}

function utf16Of(xml: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  if (xml[0] === 0xff && xml[1] === 0xfe) return 'utf-16le';
  return xml[0] === 0xfe && xml[1] === 0xff ? 'utf-16be' : undefined;
}

function decode(encoding: string, xml: Buffer): string {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(xml);
  } catch {
    throw damaged();
  }
}

function damaged(): UnreadableDocument {
  return new UnreadableDocument('malformed', 'A part of the document is in no encoding that XML is read in.');
}
