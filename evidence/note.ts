import { sign, verify, type KeyObject } from 'node:crypto';
import { keyId, publicKeyObject, type Verifier } from './note-keys';

export { keyId, encodeVerifier, parseVerifier, rawPublicKey, type Verifier } from './note-keys';
export { checkpointText, originOf, parseCheckpoint, type Checkpoint } from './checkpoint';

export interface Signer {
  readonly name: string;
  /** Ed25519. */
  readonly privateKey: KeyObject;
  /** The 32 bytes of the public key. */
  readonly publicKey: Uint8Array;
}

export interface NoteSignature {
  readonly name: string;
  /** Eight hex digits. */
  readonly keyId: string;
}

export interface OpenedNote {
  /** What is signed, with its final newline. */
  readonly text: string;
  /** Signatures that one of the verifiers confirms; at least one. */
  readonly verified: readonly NoteSignature[];
  /** Signatures of keys that no verifier knows. */
  readonly unknown: readonly NoteSignature[];
}

/** Why a note cannot be opened. */
export class NoteError extends Error {
  constructor(
    readonly kind: 'malformed' | 'unknown_key' | 'bad_signature',
    message: string,
  ) {
    super(message);
    this.name = 'NoteError';
  }
}

/** Signs a text that ends with a newline (C2SP signed-note, signature type 0x01: Ed25519). Several signers sign the same text. */
export function signNote(text: string, ...signers: readonly Signer[]): string {
  if (!isNoteText(text))
    throw new NoteError('malformed', 'the text of a note ends with a newline and has no control characters');
  const lines = signers.map(({ name, privateKey, publicKey }) => {
    const id = Buffer.from(keyId(name, publicKey), 'hex');
    return `— ${name} ${Buffer.concat([id, sign(null, Buffer.from(text), privateKey)]).toString('base64')}\n`;
  });
  return `${text}\n${lines.join('')}`;
}

/** Opens a note: a signature of a known key must be right, unknown keys are passed over, and one must be known. Throws NoteError. */
export function openNote(note: string, verifiers: readonly Verifier[]): OpenedNote {
  const { text, signatures } = splitNote(note);
  const verified: NoteSignature[] = [];
  const unknown: NoteSignature[] = [];
  for (const { name, keyId: id, signature } of signatures) {
    const verifier = verifiers.find((each) => each.name === name && keyId(each.name, each.publicKey) === id);
    if (verifier === undefined) {
      unknown.push({ name, keyId: id });
    } else if (verified.some((each) => each.name === name && each.keyId === id)) {
      // A key that signs twice is one witness.
      continue;
    } else if (verify(null, Buffer.from(text), publicKeyObject(verifier.publicKey), signature)) {
      verified.push({ name, keyId: id });
    } else {
      throw new NoteError('bad_signature', `the signature of ${name}+${id} does not fit the text`);
    }
  }
  if (verified.length === 0) {
    const names = unknown.map(({ name, keyId: id }) => `${name}+${id}`).join(', ');
    throw new NoteError('unknown_key', `no known key has signed, only ${names}`);
  }
  return { text, verified, unknown };
}

interface SplitNote {
  readonly text: string;
  readonly signatures: readonly (NoteSignature & { readonly signature: Buffer })[];
}

const signaturesMax = 100;

/** The parts of a note, nothing verified. Throws NoteError when it is none. */
export function splitNote(note: string): SplitNote {
  const at = note.lastIndexOf('\n\n');
  const text = note.slice(0, at + 1);
  const block = note.slice(at + 2);
  if (at < 0 || !isNoteText(text) || block === '' || !block.endsWith('\n')) {
    throw new NoteError('malformed', 'a note is a text, an empty line, and lines of signatures');
  }
  const lines = block.slice(0, -1).split('\n');
  if (lines.length > signaturesMax) throw new NoteError('malformed', `a note has at most ${signaturesMax} signatures`);
  return { text, signatures: lines.map(parseSignature) };
}

function parseSignature(line: string): SplitNote['signatures'][number] {
  const [, name, encoded] = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? [];
  const bytes = Buffer.from(encoded ?? '', 'base64');
  if (name === undefined || bytes.byteLength < 5 || bytes.toString('base64') !== encoded) {
    throw new NoteError('malformed', 'a line of the signatures is not “— name base64”');
  }
  return { name, keyId: bytes.toString('hex', 0, 4), signature: bytes.subarray(4) };
}

function isNoteText(text: string): boolean {
  return text.endsWith('\n') && text.isWellFormed() && !/[\x00-\x09\x0b-\x1f]/.test(text);
}
