import type { ContentBox } from '../../../contracts/content-box';
import { EngineError } from '../../../contracts/errors';
import { decrypt, encrypt, type SecretName } from './cipher';
import type { createMasterKeys } from './master-keys';

const keyIdBytes = 19;
const nonceBytes = 12;
const tagBytes = 16;
const headBytes = keyIdBytes + nonceBytes + tagBytes;

/** As secrets are kept, in one piece: key id (ASCII), nonce, tag, ciphertext. */
export function createBox(keys: ReturnType<typeof createMasterKeys>): ContentBox {
  return {
    async seal(tenantId, name, plain) {
      const { current } = await keys.ring();
      const { keyId, nonce, tag, ciphertext } = encrypt(current, nameOf(tenantId, name), plain);
      return Buffer.concat([
        Buffer.from(keyId),
        ...[nonce, tag, ciphertext].map((part) => Buffer.from(part, 'base64')),
      ]);
    },
    async open(tenantId, name, sealed) {
      const bytes = Buffer.from(sealed);
      const key = (await keys.ring()).find(bytes.toString('latin1', 0, keyIdBytes));
      if (key === undefined) throw unusable('its master key is gone');
      const nonce = bytes.subarray(keyIdBytes, keyIdBytes + nonceBytes);
      const tag = bytes.subarray(keyIdBytes + nonceBytes, headBytes);
      try {
        return decrypt(key, nameOf(tenantId, name), { nonce, tag, ciphertext: bytes.subarray(headBytes) });
      } catch {
        throw unusable('it is not what was stored');
      }
    },
  };
}

// Secrets count their versions from one, so no content can pass for a secret.
function nameOf(tenantId: string, name: string): SecretName {
  return { tenantId, credentialId: name, secretVersion: 0 };
}

function unusable(why: string): EngineError {
  return new EngineError('invalid_configuration', `stored content cannot be decrypted: ${why}`);
}
