import { sql } from 'kysely';
import { readFile, stat } from 'node:fs/promises';
import { readKeyRecord, writeKeyRecord } from '../../evidence/key-record';
import { encodeVerifier, type Verifier } from '../../evidence/note';
import { advisoryLocks } from '../transaction/advisory-locks';
import { sha256Hex } from '../transaction/canonical';
import type { Database } from '../transaction/database';
import { recordSealingChange } from './record-change';
import { loadSigningKey, SealingHalt, type SigningKey } from './signing-key';

/** Where a rotation leaves the word of the former key. */
export function recordFileOf(keyFile: string): string {
  return `${keyFile}.record`;
}

export interface SigningKeys {
  /** The key to sign with, registered. Throws SealingHalt when there is none, or it does not follow on the last one. */
  current(): Promise<SigningKey>;
}

/** Reads the key file again whenever it has changed, so that a rotation needs no restart. `db` is of the system role. */
export function createSigningKeys({ db, file }: { db: Database; file: string }): SigningKeys {
  let known: { readonly key: SigningKey; readonly stamp: string } | undefined;
  return {
    async current() {
      const stamp = await stampOf(file);
      if (known?.stamp === stamp) return known.key;
      const { rows } = await sql<{ id: string }>`select installation_id as id from audit_sealing`.execute(db);
      const key = await loadSigningKey(file, rows[0]?.id ?? '');
      await register(db, key, file);
      known = { key, stamp };
      return key;
    },
  };
}

async function stampOf(file: string): Promise<string> {
  const { mtimeMs, ino, size } = await stat(file).catch((error: NodeJS.ErrnoException) => {
    throw new SealingHalt(`the signing key (AOS_SIGNING_KEY_FILE) cannot be read: ${error.code ?? 'unknown'}`);
  });
  return `${mtimeMs}/${ino}/${size}`;
}

interface KeyRow extends Verifier {
  readonly keyId: string;
}

async function register(db: Database, key: SigningKey, file: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    // Two workers that start at once must not both register a first key.
    await sql`select pg_advisory_xact_lock(${sql.join(advisoryLocks.signingKeys)})`.execute(tx);
    const { rows } = await sql<KeyRow>`
      select key_id as "keyId", name, public_key as "publicKey" from audit_signing_keys order by seq desc limit 1`.execute(
      tx,
    );
    const [last] = rows;
    if (last?.keyId === key.keyId) return;
    const record = last === undefined ? writeKeyRecord(key) : await rotation({ key, last, file });
    await sql`insert into audit_signing_keys (key_id, name, public_key, former_key_id, record)
      values (${key.keyId}, ${key.name}, ${key.publicKey}, ${last?.keyId ?? null}, ${record})`.execute(tx);
    if (last === undefined) return;
    await recordSealingChange(tx, 'sealing.keys.rotate', {
      type: 'SigningKeyRotated',
      outcome: 'success',
      resource: { type: 'signing_key', id: key.keyId },
      evidence: { key_id: key.keyId, former_key_id: last.keyId, record_hash: sha256Hex(Buffer.from(record)) },
    });
  });
}

async function rotation({ key, last, file }: { key: SigningKey; last: Verifier; file: string }): Promise<string> {
  const record = await readFile(recordFileOf(file), 'utf8').catch(() => {
    throw new SealingHalt('the signing key is another than the last one, and no record of the last one names it');
  });
  if (!names(record, { key, last })) {
    throw new SealingHalt(
      'the record beside the signing key is not of this key, signed by it and by the key before it',
    );
  }
  return record;
}

function names(record: string, { key, last }: { key: SigningKey; last: Verifier }): boolean {
  try {
    const { key: next, former } = readKeyRecord(record);
    return (
      encodeVerifier(next) === encodeVerifier(key) &&
      former !== undefined &&
      encodeVerifier(former) === encodeVerifier(last)
    );
  } catch {
    return false;
  }
}
