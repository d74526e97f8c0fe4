import { generateKeyPairSync } from 'node:crypto';
import { readFile, rename } from 'node:fs/promises';
import type { Client } from 'pg';
import { writeKeyRecord } from '../../evidence/key-record';
import { parseSigningKey, type SigningKey } from '../../operations/sealing/signing-key';
import { recordFileOf } from '../../operations/sealing/signing-keys';
import { writePrivate } from '../stack/files';
import { StartError } from '../stack/terminal';

/**
 * Puts a new signing key in the place of the one that is registered. The former key signs who follows it, and is then
 * gone; what it has signed is checked with its public half, which stays. The sealer takes the new key up by itself.
 */
export async function rotateKey(
  client: Client,
  file: string,
): Promise<{ readonly former: string; readonly key: string }> {
  const { rows: sealing } = await client.query<{ id: string }>('select installation_id as id from audit_sealing');
  const installationId = sealing[0]?.id ?? '';
  const former = parseSigningKey(await readKeyFile(file), installationId);
  const { rows } = await client.query<{ id: string }>(
    'select key_id as id from audit_signing_keys order by seq desc limit 1',
  );
  const registered = rows[0]?.id;
  if (registered === undefined)
    throw new StartError('No key is registered yet: the sealer does that when it first seals.');
  if (registered !== former.keyId) {
    throw new StartError(
      `${file} holds the key ${former.keyId}, and the last one registered is ${registered}: wait until the worker has sealed something, or bring the right file back.`,
    );
  }
  const pem = String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const key: SigningKey = parseSigningKey(pem, installationId);
  // The record first: a key without one is refused, a record without its key is only overwritten the next time.
  await replace(recordFileOf(file), writeKeyRecord(key, former));
  await replace(file, pem);
  return { former: former.keyId, key: key.keyId };
}

async function replace(file: string, content: string): Promise<void> {
  await writePrivate(`${file}.new`, content);
  await rename(`${file}.new`, file);
}

async function readKeyFile(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: Error) => {
    throw new StartError(`The signing key cannot be read: ${error.message}.`);
  });
}
