import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { type ParsedDocument, type ReaderFault, type UnreadableCode, UnreadableDocument } from '../port';
import { readDocument } from '../read/read-document';
import { faultOf } from './fault-of';

export interface ParseTask {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly contentType?: string | undefined;
}

/** Refusals cross the thread's border as values: a class would arrive as a plain error. */
export type ParseAnswer =
  | { readonly parsed: ParsedDocument }
  | { readonly unreadable: { readonly code: UnreadableCode; readonly message: string; readonly fault?: ReaderFault } };

// Libraries warn in their own words, which quote the content.
globalThis.console = new Console(new Writable({ write: (_chunk, _encoding, done) => done() }));

export default async function parseDocument({ name, bytes, contentType }: ParseTask): Promise<ParseAnswer> {
  try {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return { parsed: await readDocument({ name, bytes: buffer, contentType }) };
  } catch (error) {
    if (error instanceof UnreadableDocument) return { unreadable: { code: error.code, message: error.message } };
    const message = 'the document makes its reader fail';
    return { unreadable: { code: 'malformed', message, fault: faultOf(error) } };
  }
}
