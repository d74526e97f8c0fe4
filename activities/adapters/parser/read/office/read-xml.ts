import { SaxesParser, type SaxesTagPlain } from 'saxes';
import { UnreadableDocument } from '../../port';
import { bounds } from '../bounds';
import { asUtf8 } from './as-utf8';

export interface XmlHandlers {
  open?(tag: SaxesTagPlain): void;
  close?(tag: SaxesTagPlain): void;
  text?(text: string): void;
}

const sliceCharacters = 65_536;

export type ReadXml = (bytes: Buffer, handlers: XmlHandlers) => void;

/**
 * Streams parts of an Office document through their handlers, one after another; to make a parser takes as long as to
 * read a small part. A document type, and so any entity, is refused, and then the reader is of no more use.
 */
export function xmlReader(): ReadXml {
  const parser = new SaxesParser({ xmlns: false, position: false });
  let handlers: XmlHandlers = {};
  let depth = 0;
  parser.on('doctype', () => {
    throw malformed('declares a document type');
  });
  parser.on('error', () => {
    throw malformed('is not well-formed XML');
  });
  parser.on('opentag', (tag) => {
    depth += 1;
    if (depth > bounds.xmlDepthMax) throw malformed('is nested too deeply');
    handlers.open?.(tag);
  });
  parser.on('closetag', (tag) => {
    depth -= 1;
    handlers.close?.(tag);
  });
  parser.on('text', (text) => handlers.text?.(text));
  return (bytes, each) => {
    handlers = each;
    const xml = asUtf8(bytes)
      .toString('utf8')
      .replace(/^\ufeff/, '');
    for (let start = 0; start < xml.length; start += sliceCharacters) {
      parser.write(xml.slice(start, start + sliceCharacters));
    }
    parser.close();
  };
}

function malformed(what: string): UnreadableDocument {
  return new UnreadableDocument('malformed', `A part of the document ${what}.`);
}
