import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { appendLeaves, emptyEdge, rootOf } from '../../evidence/merkle/edge';
import { openNote, parseCheckpoint, type Verifier } from '../../evidence/note';
import { createSealer, type Sealer, type SealerOptions } from '../../operations/sealing/sealer';
import { createDatabase, type Database } from '../../operations/transaction/database';
import { createTestDatabase, type TestDatabase } from './database';
import { until } from './until';

export interface SealingBench {
  readonly database: TestDatabase;
  readonly owner: Client;
  readonly system: Database;
  readonly keyFile: string;
  /** Seals once no transaction of another test on this server holds an event up. */
  sealer(options?: Partial<SealerOptions>): Sealer;
  /** Seals what can be sealed at this moment. */
  hasty(options?: Partial<SealerOptions>): Sealer;
  connect(): Promise<Client>;
  /** No transaction of another test on this server holds an event up any more. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

export async function startSealing(): Promise<SealingBench> {
  const database = await createTestDatabase();
  const folder = await mkdtemp(path.join(tmpdir(), 'aos-seal-'));
  const keyFile = path.join(folder, 'signing.pem');
  await writeFile(keyFile, newKey());
  const clients: Client[] = [];
  const connect = async () => {
    const client = new Client({ connectionString: database.ownerUrl });
    clients.push(client);
    await client.connect();
    return client;
  };
  const system = createDatabase({ url: database.systemUrl, connectionsMax: 6, applicationName: 'test-sealer' });
  const owner = await connect();
  for (const tenant of ['one', 'two'])
    await owner.query('insert into tenants (tenant_id, name) values ($1, $1)', [tenant]);
  return {
    ...{ database, owner, system, keyFile, connect, settled: () => settled(owner) },
    sealer(options) {
      const sealer = createSealer({ db: system, signingKeyFile: keyFile, ...options });
      return { seal: () => settled(owner).then(() => sealer.seal()) };
    },
    hasty: (options) => createSealer({ db: system, signingKeyFile: keyFile, ...options }),
    async stop() {
      await Promise.all(clients.map((client) => client.end()));
      await system.destroy();
      await database.drop();
      await rm(folder, { recursive: true });
    },
  };
}

export function newKey(): string {
  return String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
}

export interface Leaf {
  readonly tenant_sequence: string;
  readonly event_id: string;
  readonly integrity_hash: string;
  readonly previous_hash: string | null;
  readonly leaf_hash: Buffer;
}

export async function leavesOf(owner: Client, tenantId: string): Promise<readonly Leaf[]> {
  const { rows } = await owner.query<Leaf>(
    `select tenant_sequence, event_id, integrity_hash, previous_hash, leaf_hash from audit_leaves where tenant_id = $1
    order by tenant_sequence`,
    [tenantId],
  );
  return rows;
}

/** Fails unless leaves have no gap, hang together, and every checkpoint is signed and is the root over its leaves. */
export async function expectWhole(owner: Client, tenantId: string): Promise<readonly Leaf[]> {
  const leaves = await leavesOf(owner, tenantId);
  expect(leaves.map(({ tenant_sequence: sequence }) => Number(sequence))).toEqual(leaves.map((_, index) => index));
  expect(leaves.map((leaf) => leaf.previous_hash)).toEqual(
    [null, ...leaves.map((leaf) => leaf.integrity_hash)].slice(0, leaves.length),
  );
  const { rows: keys } = await owner.query<Verifier>('select name, public_key as "publicKey" from audit_signing_keys');
  const { rows: checkpoints } = await owner.query<{ note: string; root_hash: Buffer }>(
    'select note, root_hash from audit_checkpoints where tenant_id = $1 order by seq',
    [tenantId],
  );
  for (const { note, root_hash: root } of checkpoints) {
    const signed = parseCheckpoint(openNote(note, keys).text);
    const edge = appendLeaves(
      emptyEdge,
      leaves.slice(0, signed.size).map((leaf) => leaf.leaf_hash),
    );
    expect([signed.root, root]).toEqual([rootOf(edge), rootOf(edge)]);
  }
  const last = checkpoints.at(-1);
  if (leaves.length > 0) expect(parseCheckpoint(last?.note.split('\n\n')[0] ?? '').size).toBe(leaves.length);
  return leaves;
}

function settled(owner: Client): Promise<void> {
  return until(async () => {
    const { rows } = await owner.query<{ held: boolean }>(
      `select exists (select from audit_events, audit_sealing
        where ordinal > floor_ordinal and xact_id >= pg_snapshot_xmin(pg_current_snapshot())) as held`,
    );
    return rows[0]?.held === false;
  });
}
