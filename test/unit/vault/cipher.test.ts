import { randomBytes } from 'node:crypto';
import { decrypt, encrypt, masterKeyOf, standInOf, type SecretName } from '../../../vault';

const key = masterKeyOf(randomBytes(32));
const other = masterKeyOf(randomBytes(32));
const name: SecretName = { tenantId: 'ten_1', credentialId: 'cred_0123456789ab', secretVersion: 3 };
const plain = Buffer.from('{"token":"käse"}');

function stored(sealed = encrypt(key, name, plain)) {
  const bytes = (text: string) => Buffer.from(text, 'base64');
  return { nonce: bytes(sealed.nonce), ciphertext: bytes(sealed.ciphertext), tag: bytes(sealed.tag) };
}

test('what was encrypted is decrypted, and each time anew', () => {
  const [one, two] = [encrypt(key, name, plain), encrypt(key, name, plain)];
  expect(one).toMatchObject({ secretVersion: 3, keyId: key.keyId });
  expect(one.nonce).not.toBe(two.nonce);
  expect(one.ciphertext).not.toBe(two.ciphertext);
  for (const each of [one, two]) expect(decrypt(key, name, stored(each))).toEqual(plain);
});

test.each<[string, Partial<SecretName>]>([
  ['tenant', { tenantId: 'ten_2' }],
  ['credential', { credentialId: 'cred_0123456789ac' }],
  ['version', { secretVersion: 2 }],
])('another %s cannot decrypt it', (_, changed) => {
  expect(() => decrypt(key, { ...name, ...changed }, stored())).toThrow('authenticate');
});

test('another master key cannot', () => {
  expect(other.keyId).not.toBe(key.keyId);
  expect(() => decrypt(other, name, stored())).toThrow('authenticate');
});

test('the fingerprint of the key is bound too, though the derived key were the same', () => {
  expect(() => decrypt({ ...key, keyId: other.keyId }, name, stored())).toThrow('authenticate');
});

test.each(['nonce', 'ciphertext', 'tag'] as const)('no bit of the %s may change, and none be cut', (part) => {
  const good = stored();
  for (let bit = 0; bit < good[part].length * 8; bit += 1) {
    const changed = Buffer.from(good[part]);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(() => decrypt(key, name, { ...good, [part]: changed })).toThrow();
  }
  for (let length = 0; length < good[part].length; length += 1) {
    expect(() => decrypt(key, name, { ...good, [part]: good[part].subarray(0, length) })).toThrow();
  }
});

test('the stand-in says the same of equal secrets of one tenant under one key, and of nothing else', () => {
  const standIn = (tenantId: string, fields: Record<string, string>, by = key) => standInOf(by, tenantId, fields);
  const mine = standIn('ten_1', { username: 'u', password: 'p' });
  expect(standIn('ten_1', { password: 'p', username: 'u' })).toBe(mine);
  const others = [
    standIn('ten_2', { username: 'u', password: 'p' }),
    standIn('ten_1', { username: 'u', password: 'q' }),
    standIn('ten_1', { username: 'up', password: '' }),
    standIn('ten_1', { username: 'u', password: 'p' }, other),
  ];
  expect(new Set([mine, ...others]).size).toBe(5);
});
