import { UnreadableDocument } from '../../port';
import { bounds } from '../bounds';

/** Refuses document types, and so any entity, and deep nesting, before a library builds a tree of it. */
export function checkXml(xml: string): void {
  if (/<!doctype/i.test(xml)) throw malformed('declares a document type');
  let depth = 0;
  for (let at = xml.indexOf('<'); at !== -1; at = xml.indexOf('<', at + 1)) {
    const next = xml.charCodeAt(at + 1);
    if (next === slash) depth -= 1;
    else if (next !== exclamation && next !== question) {
      at = tagEnd(xml, at);
      if (xml.charCodeAt(at - 1) !== slash) depth += 1;
      if (depth > bounds.xmlDepthMax) throw malformed('is nested too deeply');
    }
  }
}

const [slash, exclamation, question, close, double, single] = [0x2f, 0x21, 0x3f, 0x3e, 0x22, 0x27];

/** Where the tag ends, quoted values passed over. */
function tagEnd(xml: string, start: number): number {
  for (let at = start + 1; at < xml.length; at += 1) {
    const code = xml.charCodeAt(at);
    if (code === close) return at;
    if (code !== double && code !== single) continue;
    const end = xml.indexOf(code === double ? '"' : "'", at + 1);
    if (end === -1) break;
    at = end;
  }
  throw malformed('is not well-formed XML');
}

function malformed(what: string): UnreadableDocument {
  return new UnreadableDocument('malformed', `A part of the document ${what}.`);
}
