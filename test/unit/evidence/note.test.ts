import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { leafHash } from '../../../evidence/merkle/hash';
import {
  checkpointText,
  encodeVerifier,
  keyId,
  NoteError,
  openNote,
  parseCheckpoint,
  parseVerifier,
  rawPublicKey,
  signNote,
} from '../../../evidence/note';
import { vectors } from './vectors';

const { note: peter, checkpoint } = vectors;
const verifier = parseVerifier(peter.verifier);

// The published signer is `PRIVATE+KEY+name+id+base64(0x01 ‖ seed)`; in PKCS#8 the seed follows a fixed head (RFC 8410).
function publishedSigner() {
  const seed = Buffer.from(peter.signer.slice('PRIVATE+KEY+PeterNeumann+c74f20a3+'.length), 'base64').subarray(1);
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return { name: 'PeterNeumann', privateKey, publicKey: rawPublicKey(privateKey) };
}

function refusalOf(open: () => unknown): string {
  try {
    open();
  } catch (error) {
    if (error instanceof NoteError) return error.kind;
    throw error;
  }
  return 'none';
}

test('a published key signs the published note, byte for byte', () => {
  expect(signNote(peter.text, publishedSigner())).toBe(peter.note);
  expect(Buffer.compare(publishedSigner().publicKey, verifier.publicKey)).toBe(0);
  expect(keyId(verifier.name, verifier.publicKey)).toBe('c74f20a3');
  expect(encodeVerifier(verifier)).toBe(peter.verifier);
});

test('the published note opens, and tells which signatures are known', () => {
  expect(openNote(peter.note, [verifier])).toMatchObject({ text: peter.text, verified: [{ keyId: 'c74f20a3' }] });
  const both = peter.note + peter.second.signature;
  expect(openNote(both, [verifier])).toMatchObject({ verified: [{}], unknown: [{ name: 'EnochRoot' }] });
  const enoch = parseVerifier(peter.second.verifier);
  expect(openNote(both, [verifier, enoch]).verified.map(({ name }) => name)).toEqual(['PeterNeumann', 'EnochRoot']);
});

test('a key that signs twice is one witness', () => {
  const line = peter.note.slice(peter.note.lastIndexOf('—'));
  expect(openNote(peter.note + line, [verifier]).verified).toHaveLength(1);
});

test('no change of a verifier key is accepted', () => {
  for (const bad of peter.badVerifiers) expect(() => parseVerifier(bad)).toThrow(RangeError);
  for (let at = 0; at < peter.verifier.length; at += 1) {
    const changed =
      peter.verifier.slice(0, at) +
      String.fromCharCode(peter.verifier.charCodeAt(at) + 1) +
      peter.verifier.slice(at + 1);
    expect(() => parseVerifier(changed)).toThrow(RangeError);
  }
});

test('a note is refused for what is wrong with it', () => {
  const other = generateKeyPairSync('ed25519').privateKey;
  const foreign = { name: 'PeterNeumann', privateKey: other, publicKey: rawPublicKey(other) };
  const forged = signNote(peter.text, { ...foreign, publicKey: verifier.publicKey });
  expect(refusalOf(() => openNote(forged, [verifier]))).toBe('bad_signature');
  expect(refusalOf(() => openNote(peter.note.replace('cryptography', 'magic'), [verifier]))).toBe('bad_signature');
  expect(refusalOf(() => openNote(signNote(peter.text, foreign), [verifier]))).toBe('unknown_key');
  for (const broken of [
    '',
    peter.text,
    `${peter.text}\n`,
    peter.note.slice(0, -1),
    peter.note.replace('— ', '- '),
    peter.note.replace('x08go', 'x08g'),
    peter.note.replace('If', 'If\t'),
  ]) {
    expect([broken, refusalOf(() => openNote(broken, [verifier]))]).toEqual([broken, 'malformed']);
  }
  expect(refusalOf(() => signNote('no newline', publishedSigner()))).toBe('malformed');
});

test('a checkpoint is the published three lines', () => {
  const root = leafHash(Buffer.from(checkpoint.leaf));
  const { origin, size } = checkpoint;
  expect(checkpointText({ origin, size, root })).toBe(checkpoint.text);
  expect(parseCheckpoint(checkpoint.text)).toEqual({ origin, size, root });
  expect(parseCheckpoint(`${checkpoint.text}an extension\n`)).toEqual({ origin, size, root });
  for (const bad of [...checkpoint.bad, '', 'origin\n-1\n', 'origin\n01\nTszz\n']) {
    expect(() => parseCheckpoint(bad)).toThrow(RangeError);
  }
  expect(() => checkpointText({ origin: 'two\nlines', size, root })).toThrow(RangeError);
});
