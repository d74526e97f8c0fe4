import { createHmac } from 'node:crypto';
import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { EngineError } from '../../../contracts/errors';

export const masterKeyBytes = 32;

/** A master key, of which nothing leaves this folder but its fingerprint and the keys derived from it. */
export interface MasterKey {
  readonly keyId: string;
  /** 32 bytes for a purpose of a tenant. */
  derive(purpose: 'encryption' | 'stand-in' | 'request-state', tenantId: string): Buffer;
}

/** The keys at hand: new secrets are encrypted with the current one, old ones decrypted with whichever it was. */
export interface MasterKeyRing {
  readonly current: MasterKey;
  find(keyId: string): MasterKey | undefined;
}

export function masterKeyOf(bytes: Uint8Array): MasterKey {
  const hmac = (text: string) => createHmac('sha256', bytes).update(text).digest();
  return {
    keyId: `mk_${hmac('aos vault: key id').toString('hex').slice(0, 16)}`,
    derive: (purpose, tenantId) => hmac(`aos vault: ${purpose}: ${tenantId}`),
  };
}

/** Where a rotation keeps the key that is to come, and the one that goes. */
export const nextKeyFile = (file: string) => `${file}.new`;
export const formerKeyFile = (file: string) => `${file}.former`;

/**
 * Reads the master key, and those that a rotation has laid beside it, again whenever a file has changed: a rotation
 * needs no restart. Without a master key nothing is encrypted or decrypted; there is no other to fall back on.
 */
export function createMasterKeys(file: string): { ring(): Promise<MasterKeyRing> } {
  const beside = [nextKeyFile(file), formerKeyFile(file)];
  let known: { readonly stamp: string; readonly ring: MasterKeyRing } | undefined;
  return {
    async ring() {
      const stamp = [file, ...beside].map(stampOf).join(' ');
      if (known?.stamp !== stamp) known = { stamp, ring: await readRing(file, beside) };
      return known.ring;
    },
  };
}

async function readRing(file: string, beside: readonly string[]): Promise<MasterKeyRing> {
  const [current, ...others] = await Promise.all([file, ...beside].map(readMasterKey));
  if (current === undefined) throw unusable('does not exist');
  const keys = [current, ...others].filter((key) => key !== undefined);
  return { current, find: (keyId) => keys.find((key) => key.keyId === keyId) };
}

/** Undefined when there is no such file. */
export async function readMasterKey(file: string): Promise<MasterKey | undefined> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw unusable(`cannot be read (${error.code ?? 'unknown'})`);
  });
  if (bytes === undefined) return undefined;
  if (bytes.length !== masterKeyBytes) throw unusable(`does not hold ${masterKeyBytes} bytes`);
  return masterKeyOf(bytes);
}

// Asked for with everything that is sealed or opened: the way through the thread pool would cost more than the answer.
function stampOf(file: string): string {
  const found = statOf(file);
  return found === undefined ? '-' : `${found.mtimeMs}/${found.ino}/${found.size}`;
}

function statOf(file: string) {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch {
    // What cannot be asked for is told of when it is read.
    return undefined;
  }
}

function unusable(what: string): EngineError {
  return new EngineError('invalid_configuration', `the master key file (AOS_MASTER_KEY_FILE) ${what}`);
}
