import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { newId } from '../../operations/ids';
import { createDatabase, type Database } from '../../operations/transaction/database';
import { rotateMasterKey, type RotationStep } from '../../scripts/vault/rotate';
import { createVault, masterKeyOf, sealWith, type CredentialVault } from '../../vault';
import { newKey, startTestOperations, type TestOperations } from '../support/operations';
import { until } from '../support/until';

let core: TestOperations;
let ownerDb: Database;
let folder: string;
let file: string;
let vault: CredentialVault;
let ids: string[];
beforeEach(async () => {
  core = await startTestOperations();
  ownerDb = createDatabase({ url: core.database.ownerUrl, connectionsMax: 1, applicationName: 'test-rotation' });
  folder = await mkdtemp(path.join(tmpdir(), 'aos-rotation-'));
  file = path.join(folder, 'master.key');
  await writeFile(file, randomBytes(32));
  vault = createVault(file, core);
  ids = [];
});
afterEach(async () => {
  await ownerDb.destroy();
  await core.stop();
  await rm(folder, { recursive: true });
});

const sessionsOf = async (applicationName: string) =>
  (
    await core.owner.query<{ waits: boolean }>(
      `select wait_event_type is not distinct from 'Lock' as waits from pg_stat_activity
        where application_name = $1 and datname = current_database()`,
      [applicationName],
    )
  ).rows;

/** The lock of an ended rotation is free only when its session has ended, which the pool does not wait for. */
async function endSession(): Promise<void> {
  await ownerDb.destroy();
  await until(async () => (await sessionsOf('test-rotation')).length === 0, { what: 'the end of the session' });
  ownerDb = createDatabase({ url: core.database.ownerUrl, connectionsMax: 1, applicationName: 'test-rotation' });
}

async function seal(credentialId: string, token: string) {
  const { tenantId } = core.as('admin');
  return sealWith(file)({ tenantId, credentialId, secretVersion: 1, fields: { token } });
}

async function store(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const credentialId = newId('cred_');
    await put(credentialId, await seal(credentialId, credentialId));
  }
}

async function put(credentialId: string, sealed: Awaited<ReturnType<typeof seal>>): Promise<void> {
  const type = 'bearer_token' as const;
  const notes = { name: credentialId, type, tags: [], metadata: {}, is_rotatable: false };
  await core.dispatch(core.as('admin'), 'credentials.store', {
    params: { credentialId, ...notes, ...sealed },
    idempotencyKey: newKey(),
  });
  ids.push(credentialId);
}

async function expectAllReadable(): Promise<void> {
  for (const credentialId of ids) {
    const resolved = await vault.resolve(core.as('developer'), { credentialId, purpose: 'a test' });
    expect(resolved?.fields).toEqual({ token: credentialId });
  }
}

const keyIdsUsed = async () =>
  (await core.owner.query<{ id: string }>('select distinct key_id as id from credential_secrets')).rows.map(
    ({ id }) => id,
  );
const currentId = async () => masterKeyOf(await readFile(file)).keyId;
const told = async () =>
  (
    await core.owner.query<{ type: string; evidence: object }>(
      `select event_type as type, evidence from audit_events
        where tenant_id = 'platform' and resource_type = 'master_key' order by ordinal`,
    )
  ).rows;

async function expectDone(former: string, secrets = ids.length): Promise<void> {
  const key = await currentId();
  expect(key).not.toBe(former);
  expect(await keyIdsUsed()).toEqual([key]);
  expect(await readdir(folder)).toEqual(['master.key']);
  expect(await told()).toEqual([
    { type: 'MasterKeyRotationBegun', evidence: { key_id: key, former_key_id: former } },
    {
      type: 'MasterKeyRotated',
      evidence: { key_id: key, former_key_id: former, tenants: 1, secrets },
    },
  ]);
  await expectAllReadable();
}

test('every secret is under the new key, and the former one is gone', async () => {
  await store(3);
  const former = await currentId();
  expect(await rotateMasterKey(ownerDb, file)).toEqual({ former, key: await currentId(), secrets: 3 });
  await expectDone(former);
  await store(1);
  expect(await keyIdsUsed()).toEqual([await currentId()]);
});

test('an installation without secrets rotates too', async () => {
  const former = await currentId();
  expect(await rotateMasterKey(ownerDb, file)).toMatchObject({ former, secrets: 0 });
  await store(1);
  await expectAllReadable();
});

test.each<RotationStep>(['key made', 'begun', 'swapped', 'batch', 'encrypted', 'retired'])(
  'ended behind "%s": secrets are read and stored meanwhile, and the next call finishes it',
  async (end) => {
    await store(2);
    const former = await currentId();
    const stop = new Error('ended here');
    const ended = rotateMasterKey(ownerDb, file, (step) => {
      if (step === end) throw stop;
    });
    await expect(ended).rejects.toBe(stop);
    await expectAllReadable();
    await store(1);
    await expectAllReadable();
    await endSession();
    await rotateMasterKey(ownerDb, file);
    // Told when the former key was retired, of what there was then.
    await expectDone(former, end === 'retired' ? 2 : 3);
  },
);

test('a secret encrypted before the key was retired, and stored after, is refused, to be encrypted anew', async () => {
  await store(1);
  const [early, late] = [newId('cred_'), newId('cred_')];
  const [sealedEarly, sealedLate] = [await seal(early, early), await seal(late, late)];
  let passes = 0;
  await rotateMasterKey(ownerDb, file, async (step) => {
    if (step !== 'encrypted') return;
    passes += 1;
    if (passes === 1) await put(early, sealedEarly);
  });
  expect(passes).toBe(2);
  await expect(put(late, sealedLate)).rejects.toMatchObject({ code: 'resource_busy' });
  await put(late, await seal(late, late));
  expect(await keyIdsUsed()).toEqual([await currentId()]);
  await expectAllReadable();
});

test('what is not authentic keeps the former key until it is rotated or deleted', async () => {
  await store(2);
  const former = await currentId();
  const [broken = ''] = ids;
  await core.owner.query(
    `update credential_secrets set tag = decode(repeat('00', 16), 'hex') where credential_id = $1`,
    [broken],
  );
  await expect(rotateMasterKey(ownerDb, file)).rejects.toThrow(broken);
  await endSession();
  expect(await readdir(folder)).toEqual(['master.key', 'master.key.former']);
  await core.dispatch(core.as('admin'), 'credentials.delete', {
    params: { credentialId: broken },
    idempotencyKey: newKey(),
  });
  ids = ids.filter((id) => id !== broken);
  await rotateMasterKey(ownerDb, file);
  await expectDone(former);
});

test('a foreign key file does not begin a rotation', async () => {
  await store(1);
  await writeFile(file, randomBytes(32));
  await expect(rotateMasterKey(ownerDb, file)).rejects.toThrow('bring the right file back');
  expect(await told()).toEqual([]);
});

test('killed in the middle of a batch, the command goes on where it was', async () => {
  await store(101);
  const former = await currentId();
  const [last = ''] = ids.toSorted().slice(-1);
  const held = await ownerDb.startTransaction().execute();
  await held.selectFrom('credential_secrets').select('key_id').where('credential_id', '=', last).forUpdate().execute();
  const loader = path.join(path.dirname(require.resolve('tsx/package.json')), 'dist/loader.mjs');
  const script = path.join(__dirname, '../../scripts/vault/rotate-key.ts');
  const start = () =>
    spawn(process.execPath, ['--import', loader, script], {
      env: {
        PATH: process.env.PATH,
        AOS_DATA_DIR: folder,
        AOS_MASTER_KEY_FILE: file,
        DATABASE_URL: core.database.ownerUrl,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  const killed = start();
  await until(async () => (await sessionsOf('aos-vault')).some(({ waits }) => waits), { what: 'the wait for the row' });
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  await held.rollback().execute();
  expect((await keyIdsUsed()).toSorted()).toEqual([former, await currentId()].toSorted());
  await expectAllReadable();
  await until(async () => (await sessionsOf('aos-vault')).length === 0, { what: 'the end of its session' });
  const second = start();
  let output = '';
  second.stdout.on('data', (chunk) => (output += chunk));
  // Its output may still be on its way when it has exited.
  expect(await once(second, 'close')).toEqual([0, null]);
  expect(output).toContain(`1 secrets were encrypted anew, none is under ${former} any more`);
  await expectDone(former);
});
