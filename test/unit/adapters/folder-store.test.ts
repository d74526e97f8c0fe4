import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { createFolderStore } from '../../../activities/adapters/object-store/folder';
import type { ObjectStore } from '../../../activities/adapters/object-store/port';

const sha256 = (content: string) => createHash('sha256').update(content).digest('hex');

describe('the folder store', () => {
  let folder: string;
  let store: ObjectStore;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'aos-objects-'));
    store = createFolderStore({ folder });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const files = () =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => entry.name);

  it('stores the same bytes once, by their hash', async () => {
    const fromBuffer = await store.put('acme', Buffer.from('hello'));
    const fromStream = await store.put('acme', Readable.from([Buffer.from('hel'), 'lo']));
    expect(fromStream).toEqual(fromBuffer);
    expect(fromBuffer).toEqual({ sha256: sha256('hello'), bytes: 5 });
    expect(files()).toEqual([sha256('hello')]);
    const stored = path.join(folder, 'acme', sha256('hello').slice(0, 2), sha256('hello'));
    expect(readFileSync(stored, 'utf8')).toBe('hello');
    expect((await store.get('acme', sha256('hello'))).toString()).toBe('hello');
  });

  it('keeps tenants apart', async () => {
    const { sha256: hash } = await store.put('acme', Buffer.from('hello'));
    expect(await store.exists('acme', hash)).toBe(true);
    expect(await store.exists('other', hash)).toBe(false);
    await expect(store.get('other', hash)).rejects.toMatchObject({ code: 'resource_not_found' });
    await store.delete('acme', hash);
    await store.delete('acme', hash);
    expect(await store.exists('acme', hash)).toBe(false);
  });

  it('leaves nothing behind when the content is too large, breaks off or is no longer wanted', async () => {
    const tooLarge = store.put('acme', Readable.from([Buffer.alloc(6), Buffer.alloc(6)]), { bytesMax: 10 });
    await expect(tooLarge).rejects.toMatchObject({ code: 'invalid_input' });
    const broken = Readable.from(
      (async function* () {
        yield Buffer.from('half');
        throw new Error('connection lost');
      })(),
    );
    await expect(store.put('acme', broken)).rejects.toThrow('connection lost');
    const aborted = store.put('acme', Buffer.from('x'), { signal: AbortSignal.abort() });
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
    expect(files()).toEqual([]);
    await expect(store.put('acme', Buffer.alloc(10), { bytesMax: 10 })).resolves.toMatchObject({ bytes: 10 });
  });

  it('reports damage instead of returning it', async () => {
    const { sha256: hash } = await store.put('acme', Buffer.from('hello'));
    writeFileSync(path.join(folder, 'acme', hash.slice(0, 2), hash), 'hullo');
    await expect(store.get('acme', hash)).rejects.toMatchObject({ code: 'internal_error' });
  });

  it('survives many writers of the same bytes', async () => {
    const content = 'x'.repeat(100_000);
    const stored = await Promise.all(Array.from({ length: 10 }, () => store.put('acme', Buffer.from(content))));
    expect(new Set(stored.map((one) => one.sha256))).toEqual(new Set([sha256(content)]));
    expect(files()).toEqual([sha256(content)]);
  });

  it.each(['../acme', 'Acme', '', 'a/b', 'a'.repeat(65)])('refuses the tenant id %j', async (tenantId) => {
    await expect(store.put(tenantId, Buffer.from('x'))).rejects.toMatchObject({ code: 'invalid_input' });
  });

  it.each(['../../etc/passwd', 'abc', 'A'.repeat(64)])('refuses the hash %j', async (hash) => {
    await expect(store.get('acme', hash)).rejects.toMatchObject({ code: 'invalid_input' });
  });

  it('checks its health without leaving a trace', async () => {
    await store.checkHealth();
    expect(files()).toEqual([]);
  });
});
