import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { writePrivate } from './files';

/** Makes the key files that do not exist yet: 32 random bytes to encrypt secrets with, an Ed25519 key to sign with. */
export async function ensureKeys({
  masterKeyFile,
  signingKeyFile,
}: {
  masterKeyFile: string;
  signingKeyFile: string;
}): Promise<void> {
  if (!(await exists(masterKeyFile))) await writePrivate(masterKeyFile, randomBytes(32));
  if (!(await exists(signingKeyFile))) {
    const { privateKey } = generateKeyPairSync('ed25519');
    await writePrivate(signingKeyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    // A key that is there but cannot be looked at must never be replaced.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
