import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createFolderStore, createFolderSweep } from '../../activities/adapters/object-store/folder';
import { sweepObjects, type SweptObjects } from '../../operations/maintenance/sweep-objects';
import { objectsLock } from '../../operations/transaction/advisory-locks';
import { createDatabase, type Database } from '../../operations/transaction/database';
import { newKey, startTestOperations, type TestOperations } from '../support/operations';

let core: TestOperations;
let system: Database;
let folder: string;
let tenantId: string;
let planeId: string;
beforeAll(async () => {
  core = await startTestOperations();
  system = createDatabase({ url: core.database.systemUrl, connectionsMax: 3, applicationName: 'test-sweep' });
  folder = await mkdtemp(path.join(tmpdir(), 'aos-sweep-'));
  tenantId = core.as('admin').tenantId;
  const sources = [{ source_type: 'upload' as const, name: 'uploads', config: {} }];
  const registered = await core.dispatch(core.as('admin'), 'knowledge.planes.register', {
    params: { name: 'uploads', plane_type: 'private', unreadable_tolerance: 0.1, onboard: false, sources },
    idempotencyKey: newKey(),
  });
  planeId = registered.planeId;
});
afterAll(async () => {
  await system.destroy();
  await core.stop();
  await rm(folder, { recursive: true });
});

const inADay = () => new Date(Date.now() + 25 * 3_600_000);
const none = { setAside: 0, takenBack: 0, discarded: 0, halfWritten: 0 };
const objects = () => ({ store: createFolderStore({ folder }), sweep: createFolderSweep({ folder }) });
const turn = (swept: SweptObjects = objects().sweep, now = inADay()) => sweepObjects(system, core.dispatch, swept, now);
const store = (text: string) => objects().store.put(tenantId, Buffer.from(text));
const read = async (sha256: string) => (await objects().store.get(tenantId, sha256)).toString();
const accept = (name: string, { sha256, bytes }: { sha256: string; bytes: number }) =>
  core.dispatch(core.as('admin'), 'knowledge.documents.accept', {
    params: { planeId, files: [{ name, sha256, bytes }], rejected: [] },
    idempotencyKey: newKey(),
  });

test('what an abandoned upload left is set aside after a day, discarded after another, and on record', async () => {
  const kept = await store('accepted');
  await accept('accepted.txt', kept);
  const left = await store('abandoned');
  expect(await turn(undefined, new Date())).toEqual(none);
  expect(await turn()).toEqual({ ...none, setAside: 1 });
  expect(await read(left.sha256)).toBe('abandoned');
  expect(await turn(undefined, new Date())).toEqual(none);
  expect(await turn()).toEqual({ ...none, discarded: 1 });
  await expect(read(left.sha256)).rejects.toMatchObject({ code: 'resource_not_found' });
  expect(await read(kept.sha256)).toBe('accepted');
  const { rows } = await core.owner.query(
    `select evidence, o.outcome from audit_events a join effect_outcomes o on o.intent_id = a.resource_id
     where event_type = 'ObjectsDiscarded'`,
  );
  expect(rows).toEqual([
    { evidence: { objects: [left.sha256], bytes: 'abandoned'.length, kept: 0 }, outcome: 'succeeded' },
  ]);
  expect(await turn()).toEqual(none);
});

test('an upload whose bytes are set aside before its row commits finds them, and they are taken back', async () => {
  await store('slow');
  // The same bytes again: they are there already, so nothing about them changes.
  const slow = await store('slow');
  expect(await turn()).toEqual({ ...none, setAside: 1 });
  await accept('slow.txt', slow);
  expect(await read(slow.sha256)).toBe('slow');
  expect(await turn()).toEqual({ ...none, takenBack: 1 });
  expect(await turn()).toEqual(none);
  expect(await read(slow.sha256)).toBe('slow');
});

test('an upload between the decision to discard and the discard keeps its own bytes', async () => {
  const { sha256 } = await store('again');
  await turn();
  const sweep = objects().sweep;
  const discard = async (...args: Parameters<SweptObjects['discard']>) => {
    await accept('again.txt', await store('again'));
    await sweep.discard(...args);
  };
  expect(await turn({ ...sweep, discard })).toEqual({ ...none, discarded: 1 });
  expect(await read(sha256)).toBe('again');
  expect(await turn()).toEqual(none);
  expect(await read(sha256)).toBe('again');
});

test('a row that commits between the look and the decision keeps the bytes', async () => {
  const late = await store('late');
  await turn();
  // The look before the operation has found nothing; the operation looks again.
  const dispatch = (async (...args: Parameters<TestOperations['dispatch']>) => {
    if (args[1] === 'maintenance.objects.discard') await accept('late.txt', late);
    return core.dispatch(...args);
  }) as TestOperations['dispatch'];
  expect(await sweepObjects(system, dispatch, objects().sweep, inADay())).toEqual({ ...none, takenBack: 1 });
  expect(await read(late.sha256)).toBe('late');
});

test('uploads and sweeps at the same time lose nothing', async () => {
  const texts = Array.from({ length: 40 }, (_, index) => `text ${index}`);
  // Sets aside at once, and discards after a day as ever.
  const { sweep } = objects();
  const eager = { ...sweep, listStored: (tenant: string) => sweep.listStored(tenant, inADay()) };
  let done = false;
  const sweeping = (async () => {
    while (!done) await turn(eager, new Date());
  })();
  const stored = await Promise.all(
    texts.map(async (text, index) => {
      const object = await store(text);
      await accept(`${index}.txt`, object);
      return object;
    }),
  );
  done = true;
  await sweeping;
  for (const [index, { sha256 }] of stored.entries()) expect(await read(sha256)).toBe(texts[index]);
  await turn();
});

test('what a dead writer left half written goes after a day, and nothing of tenants that are not known', async () => {
  await writeFile(path.join(folder, tenantId, '.0b5e.part'), 'half');
  const foreign = await objects().store.put('ten_unknown', Buffer.from('x'));
  expect(await turn(undefined, new Date())).toEqual(none);
  expect(await turn()).toEqual({ ...none, halfWritten: 1 });
  expect(await objects().store.exists('ten_unknown', foreign.sha256)).toBe(true);
});

test('nothing is moved while a backup is made, or another worker sweeps', async () => {
  await store('waits');
  await core.owner.query('select pg_advisory_lock(hashtextextended($1, 0))', [objectsLock]);
  expect(await turn()).toEqual(none);
  await core.owner.query('select pg_advisory_unlock(hashtextextended($1, 0))', [objectsLock]);
  expect(await turn()).toEqual({ ...none, setAside: 1 });
});
