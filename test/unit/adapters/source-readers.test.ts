import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import type { SourceReader, SourceRef } from '../../../activities/adapters/source-reader/port';
import { createFileReader } from '../../../activities/adapters/source-reader/file';
import { matchesGlob } from '../../../activities/adapters/source-reader/file/matches-glob';
import { createUploadReader } from '../../../activities/adapters/source-reader/upload';

const { signal } = new AbortController();
const sourceOf = (config: unknown): SourceRef => ({ tenantId: 'acme', planeId: 'p', sourceId: 's', config });

async function readAll(reader: SourceReader, source: SourceRef, itemsMax: number) {
  const names: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await reader.readPage(source, { cursor, itemsMax, signal });
    expect(page.items.length).toBeLessThanOrEqual(itemsMax);
    names.push(...page.items.map(({ name }) => name));
    cursor = page.nextCursor;
  } while (cursor !== null);
  return names;
}

describe('the file reader', () => {
  let base: string;
  let root: string;
  let reader: SourceReader;

  beforeEach(() => {
    base = mkdtempSync(path.join(tmpdir(), 'aos-files-'));
    root = path.join(base, 'root');
    mkdirSync(path.join(root, 'docs', 'deep'), { recursive: true });
    for (const name of ['b.md', 'a.md', 'docs/x.txt', 'docs/deep/y.md', 'docs-old.md', '.hidden', 'Z.md', 'é.md']) {
      writeFileSync(path.join(root, name), `content of ${name}`);
    }
    mkdirSync(path.join(root, '.git'));
    writeFileSync(path.join(root, '.git', 'config'), 'x');
    writeFileSync(path.join(base, 'secret.md'), 'secret');
    reader = createFileReader({ roots: [root] });
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));

  const names = ['Z.md', 'a.md', 'b.md', 'docs-old.md', 'docs/deep/y.md', 'docs/x.txt', 'é.md'];

  it.each([1, 2, 3, 7, 100])('lists every file once, by name, in pages of %d', async (itemsMax) => {
    expect(await readAll(reader, sourceOf({ path: root }), itemsMax)).toEqual(names);
  });

  it('keeps its place when files come and go between pages', async () => {
    const first = await reader.readPage(sourceOf({ path: root }), { cursor: null, itemsMax: 3, signal });
    rmSync(path.join(root, 'b.md'));
    writeFileSync(path.join(root, 'a-earlier.md'), 'x');
    const rest = await reader.readPage(sourceOf({ path: root }), { cursor: first.nextCursor, itemsMax: 9, signal });
    expect(rest.items.map(({ name }) => name)).toEqual(names.slice(3));
  });

  it('reads the content and its size', async () => {
    const { items } = await reader.readPage(sourceOf({ path: root }), { cursor: 'Z.md', itemsMax: 1, signal });
    expect(items[0]?.bytes).toBe(Buffer.byteLength('content of a.md'));
    expect(await text((await items[0]?.open()) ?? Readable.from([]))).toBe('content of a.md');
  });

  it('follows links inside, and never those that lead out', async () => {
    symlinkSync(path.join(base, 'secret.md'), path.join(root, 'link.md'));
    symlinkSync(base, path.join(root, 'up'));
    symlinkSync(root, path.join(root, 'docs', 'loop'));
    symlinkSync(path.join(root, 'missing'), path.join(root, 'broken.md'));
    symlinkSync(path.join(root, 'b.md'), path.join(root, 'c.md'));
    const listed = await readAll(reader, sourceOf({ path: root }), 100);
    expect(listed).toEqual([...names.slice(0, 3), 'c.md', ...names.slice(3)]);
  });

  it('skips pipes, and refuses what became a link or a pipe since it was listed', async () => {
    execFileSync('mkfifo', [path.join(root, 'pipe.md')]);
    const { items } = await reader.readPage(sourceOf({ path: root }), { cursor: null, itemsMax: 100, signal });
    expect(items.map(({ name }) => name)).toEqual(names);
    rmSync(path.join(root, 'a.md'));
    symlinkSync(path.join(base, 'secret.md'), path.join(root, 'a.md'));
    rmSync(path.join(root, 'b.md'));
    execFileSync('mkfifo', [path.join(root, 'b.md')]);
    rmSync(path.join(root, 'docs'), { recursive: true });
    mkdirSync(path.join(base, 'deep'));
    writeFileSync(path.join(base, 'deep', 'y.md'), 'secret');
    symlinkSync(base, path.join(root, 'docs'));
    for (const name of ['a.md', 'b.md', 'docs/deep/y.md', 'docs/x.txt']) {
      const item = items.find((one) => one.name === name);
      await expect(item?.open()).rejects.toMatchObject({ code: 'resource_not_found' });
    }
  });

  it.each([
    [['*.md'], ['Z.md', 'a.md', 'b.md', 'docs-old.md', 'é.md']],
    [['**/*.md'], ['Z.md', 'a.md', 'b.md', 'docs-old.md', 'docs/deep/y.md', 'é.md']],
    [['docs/**'], ['docs/deep/y.md', 'docs/x.txt']],
    [
      ['?.md', 'docs/*.txt'],
      ['Z.md', 'a.md', 'b.md', 'docs/x.txt', 'é.md'],
    ],
    [['nothing'], []],
  ])('includes %j', async (include, expected) => {
    expect(await readAll(reader, sourceOf({ path: root, include }), 2)).toEqual(expected);
  });

  it.each([
    ['missing', 'does not exist'],
    ['../secret.md', 'outside the allowed roots'],
    ['..', 'outside the allowed roots'],
    ['a.md', 'is not a folder'],
  ])('refuses the path %s and says why', async (relative, words) => {
    const checked = reader.check(sourceOf({ path: path.join(root, relative) }), { signal });
    await expect(checked).rejects.toMatchObject({
      reason: 'VERIFICATION_FAILED',
      message: expect.stringContaining(words),
    });
  });

  it('refuses a link as root that leads out, a config of another form, and having no roots', async () => {
    symlinkSync(base, path.join(root, 'up'));
    const refused = { reason: 'VERIFICATION_FAILED' };
    await expect(reader.check(sourceOf({ path: path.join(root, 'up') }), { signal })).rejects.toMatchObject(refused);
    await expect(reader.check(sourceOf({ folder: root }), { signal })).rejects.toMatchObject(refused);
    const rootless = createFileReader({ roots: [] });
    await expect(rootless.check(sourceOf({ path: root }), { signal })).rejects.toMatchObject(refused);
    await expect(reader.check(sourceOf({ path: path.join(root, 'docs') }), { signal })).resolves.toBeUndefined();
  });
});

describe('matchesGlob', () => {
  it.each([
    ['**', 'a/b/c', true],
    ['a/**/c', 'a/c', true],
    ['a/**/c', 'a/x/y/c', true],
    ['a/*/c', 'a/x/y/c', false],
    ['*.md', 'a/b.md', false],
    ['./a.md', 'a.md', true],
    ['a.md', 'aXmd', false],
    ['[a].md', 'a.md', false],
    ['?', '😀', true],
  ])('%s on %s is %s', (pattern, name, expected) => {
    expect(matchesGlob(pattern)(name)).toBe(expected);
  });

  it('takes no exponential time', () => {
    expect(matchesGlob('*a'.repeat(100))(`${'a'.repeat(3000)}b`)).toBe(false);
    expect(matchesGlob('**/a/'.repeat(50) + 'x')('a/'.repeat(1000) + 'b')).toBe(false);
  });

  it('matches every name by itself', () => {
    const seed = Date.now();
    console.log(`seed ${seed}`);
    const part = fc.stringMatching(/^[a-c.]{1,5}$/).filter((one) => one !== '.');
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const name = parts.join('/');
        return matchesGlob(name)(name) && matchesGlob('**')(name) && matchesGlob(`**/${parts.at(-1)}`)(name);
      }),
      { seed },
    );
  });
});

it('the upload reader pages through what is pending and opens it from the store', async () => {
  const uploads = ['a', 'b', 'c'].map((name) => ({ name, bytes: 1, sha256: `hash-${name}` }));
  const reader = createUploadReader({
    listPending: async (_source, cursor, itemsMax) =>
      uploads.filter(({ name }) => cursor === null || name > cursor).slice(0, itemsMax),
    objectStore: { get: async (tenantId, sha256) => Buffer.from(`${tenantId} ${sha256}`) },
  });
  const source = sourceOf({});
  await reader.check(source, { signal });
  expect(await readAll(reader, source, 2)).toEqual(['a', 'b', 'c']);
  const { items } = await reader.readPage(source, { cursor: 'a', itemsMax: 1, signal });
  expect(items[0]).toMatchObject({ name: 'b', sha256: 'hash-b' });
  expect(await text((await items[0]?.open()) ?? Readable.from([]))).toBe('acme hash-b');
});
