import {
  encodeVerifier,
  NoteError,
  openNote,
  parseVerifier,
  signNote,
  splitNote,
  type Signer,
  type Verifier,
} from './note';

const title = 'AOS signing key';

export interface KeyRecord {
  readonly key: Verifier;
  /** The key before it; undefined for the first. */
  readonly former: Verifier | undefined;
}

/** Who signs from now on; signed by the new key, and by the one before it where there is one. */
export function writeKeyRecord(key: Signer, former?: Signer): string {
  const text = `${title}\n${encodeVerifier(key)}\n${former === undefined ? 'first' : encodeVerifier(former)}\n`;
  return signNote(text, key, ...(former === undefined ? [] : [former]));
}

/**
 * Reads the note by which a signing key begins: title, the key, the key before it or `first`, signed by both.
 * Throws NoteError or RangeError when a part or a signature is missing or wrong.
 */
export function readKeyRecord(record: string): KeyRecord {
  const [first, encoded = '', before = '', ...more] = splitNote(record).text.split('\n');
  if (first !== title || more.join('') !== '') throw new NoteError('malformed', 'not the record of a signing key');
  const key = parseVerifier(encoded);
  const former = before === 'first' ? undefined : parseVerifier(before);
  const signers = former === undefined ? [key] : [key, former];
  if (openNote(record, signers).verified.length !== signers.length) {
    throw new NoteError('unknown_key', 'the record is not signed by the new key and the one before it');
  }
  return { key, former };
}
