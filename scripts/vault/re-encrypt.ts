import { sql } from 'kysely';
import type { Database } from '../../operations/transaction/database';
import { decrypt, encrypt, type MasterKey } from '../../vault';

interface Row {
  readonly tenantId: string;
  readonly credentialId: string;
  readonly secretVersion: number;
  readonly nonce: Buffer;
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
}

const batchSize = 100;

export interface Keys {
  readonly former: MasterKey;
  readonly key: MasterKey;
}

/** Encrypts anew what is under the former key, a batch a transaction. Returns the ids of those that it cannot decrypt. */
export async function reEncrypt(
  db: Database,
  keys: Keys,
  onBatch: () => void | Promise<void>,
): Promise<{ readonly secrets: number; readonly unreadable: readonly string[] }> {
  let secrets = 0;
  const unreadable: string[] = [];
  let after: readonly [string, number] = ['', 0];
  for (;;) {
    const batch = await db.transaction().execute(async (tx) => {
      const rows = await lockBatch(tx, keys.former, after);
      for (const row of rows) {
        if (await replace(tx, keys, row)) secrets += 1;
        else unreadable.push(row.credentialId);
      }
      return rows;
    });
    const last = batch.at(-1);
    if (last === undefined) return { secrets, unreadable };
    after = [last.credentialId, last.secretVersion];
    await onBatch();
  }
}

async function lockBatch(tx: Database, former: MasterKey, [id, version]: readonly [string, number]) {
  const { rows } = await sql<Row>`
    select tenant_id as "tenantId", credential_id as "credentialId", secret_version as "secretVersion",
      nonce, ciphertext, tag
    from credential_secrets where key_id = ${former.keyId} and (credential_id, secret_version) > (${id}, ${version})
    order by credential_id, secret_version limit ${batchSize} for update`.execute(tx);
  return rows;
}

async function replace(tx: Database, { former, key }: Keys, row: Row): Promise<boolean> {
  const plain = decrypted(former, row);
  if (plain === undefined) return false;
  const sealed = encrypt(key, row, plain);
  plain.fill(0);
  await tx
    .updateTable('credential_secrets')
    .set({
      key_id: sealed.keyId,
      nonce: Buffer.from(sealed.nonce, 'base64'),
      ciphertext: Buffer.from(sealed.ciphertext, 'base64'),
      tag: Buffer.from(sealed.tag, 'base64'),
    })
    .where('credential_id', '=', row.credentialId)
    .where('secret_version', '=', row.secretVersion)
    .execute();
  return true;
}

function decrypted(key: MasterKey, row: Row): Buffer | undefined {
  try {
    return decrypt(key, row, row);
  } catch {
    return undefined;
  }
}
