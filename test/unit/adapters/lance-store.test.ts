import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLanceStore } from '../../../activities/adapters/vector-store/lancedb';
import type { EmbeddedChunk, SearchScope, VectorStore } from '../../../activities/adapters/vector-store/port';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const scope: SearchScope = { tenantId: 'acme', planeId: 'plane-1', excludedRunIds: [] };
const east = Float32Array.of(1, 0, 0, 0);
const north = Float32Array.of(0, 1, 0, 0);

function chunk(text: string, changes: Partial<EmbeddedChunk> = {}): EmbeddedChunk {
  const base = { planeId: 'plane-1', sourceId: 'source-1', documentId: 'doc-1', version: sha256('v1'), chunkIndex: 0 };
  const rest = { start: 0, end: text.length, text, textHash: sha256(text), indexRunId: 'run-1', indexRunSeq: 1 };
  return { id: sha256(text), ...base, ...rest, vector: east, ...changes };
}

describe('the LanceDB store', () => {
  let folder: string;
  let store: VectorStore;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'aos-lance-'));
    store = createLanceStore({ folder, dimension: 4 });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('answers with nothing before the first upsert', async () => {
    expect(await store.searchVector(scope, east, 5)).toEqual([]);
    expect(await store.searchText(scope, 'anything', 5)).toEqual([]);
    expect(await store.findByIds(scope, ['x'])).toEqual([]);
    expect(await store.findByDocuments(scope, ['x'], 5)).toEqual([]);
    expect(await store.countRows('acme', 'plane-1')).toBe(0);
    await store.deleteRuns('acme', 'plane-1', ['run-1']);
    await store.deleteVersions('acme', 'plane-1', [{ documentId: 'doc-1', keepVersion: null }]);
    await store.compact('acme');
  });

  it('returns what was written, best first, with cosine similarity', async () => {
    const near = chunk('a quick brown fox');
    const far = chunk('a lazy dog', { vector: north, chunkIndex: 1 });
    await store.upsert('acme', [near, far]);
    const [first, second] = await store.searchVector(scope, east, 5);
    const { vector: _vector, ...record } = near;
    expect(first).toEqual({ ...record, score: expect.closeTo(1, 5) });
    expect(second?.score).toBeCloseTo(0, 5);
    expect((await store.searchText(scope, 'foxes', 5)).map(({ id }) => id)).toEqual([near.id]);
  });

  it('finds new rows at once by vector and by text, before and after compaction, from another connection', async () => {
    const other = createLanceStore({ folder, dimension: 4 });
    await store.upsert('acme', [chunk('zebra one')]);
    expect(await other.searchText(scope, 'zebra', 5)).toHaveLength(1);
    await store.compact('acme');
    await other.upsert('acme', [chunk('zebra two')]);
    expect(await store.searchText(scope, 'zebra', 5)).toHaveLength(2);
    expect(await store.searchVector(scope, east, 5)).toHaveLength(2);
    await store.deleteRuns('acme', 'plane-1', ['run-1']);
    expect(await other.searchText(scope, 'zebra', 5)).toHaveLength(0);
  });

  it('sees the writes of another process', async () => {
    await store.upsert('acme', [chunk('zebra one')]);
    const script = `
      const { createLanceStore } = require('./activities/adapters/vector-store/lancedb');
      const chunk = JSON.parse(process.argv[1]);
      createLanceStore({ folder: process.argv[2], dimension: 4 })
        .upsert('acme', [{ ...chunk, vector: Float32Array.of(1, 0, 0, 0) }])
        .then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });`;
    const { vector: _vector, ...record } = chunk('zebra elsewhere');
    const args = ['--require', require.resolve('tsx/cjs'), '-e', script, JSON.stringify(record), folder];
    execFileSync(process.execPath, args, { cwd: path.join(__dirname, '..', '..', '..') });
    expect(await store.searchText(scope, 'elsewhere', 5)).toHaveLength(1);
    expect(await store.searchVector(scope, east, 5)).toHaveLength(2);
  });

  it('never lets an older run replace a row of a newer one', async () => {
    const row = (text: string, indexRunSeq: number) => chunk(text, { id: sha256('same'), indexRunSeq });
    await store.upsert('acme', [row('third', 3)]);
    await store.upsert('acme', [row('second', 2)]);
    expect((await store.findByIds(scope, [sha256('same')]))[0]?.text).toBe('third');
    await store.upsert('acme', [row('third again', 3)]);
    expect((await store.findByIds(scope, [sha256('same')]))[0]?.text).toBe('third again');
    await store.upsert('acme', [row('fifth', 5), row('fourth', 4)]);
    expect((await store.findByIds(scope, [sha256('same')])).map(({ text }) => text)).toEqual(['fifth']);
  });

  it('keeps one row of an id that several connections insert at once', async () => {
    const stores = [store, createLanceStore({ folder, dimension: 4 }), createLanceStore({ folder, dimension: 4 })];
    await Promise.all(stores.map((one) => one.upsert('acme', [chunk('same'), chunk('same')])));
    expect(await store.countRows('acme', 'plane-1')).toBe(1);
  });

  it('lets several connections write, delete and compact at once', async () => {
    const stores = [0, 1, 2].map(() => createLanceStore({ folder, dimension: 4 }));
    const work = async (one: VectorStore, place: number) => {
      for (let round = 0; round < 6; round += 1) {
        const rows = Array.from({ length: 20 }, (_, index) =>
          chunk(`word ${index + round * 10}`, { indexRunSeq: round }),
        );
        await one.upsert('acme', rows);
        if (round % 3 === place) await one.compact('acme');
        await one.deleteRuns('acme', 'plane-1', [`absent-${round}`]);
      }
    };
    await Promise.all(stores.map(work));
    expect(await store.countRows('acme', 'plane-1')).toBe(70);
    expect(await store.searchText(scope, 'word', 100)).toHaveLength(70);
  });

  it('keeps planes, runs, sources and documents apart', async () => {
    await store.upsert('acme', [
      chunk('word a'),
      chunk('word b', { planeId: 'plane-2' }),
      chunk('word c', { indexRunId: 'run-2', documentId: 'doc-2' }),
      chunk('word d', { sourceId: 'source-2', documentId: 'doc-3' }),
    ]);
    const texts = async (changes: Partial<SearchScope>) => {
      const found = await Promise.all([
        store.searchText({ ...scope, ...changes }, 'word', 9),
        store.searchVector({ ...scope, ...changes }, east, 9),
      ]);
      const [byText, byVector] = found.map((list) =>
        list
          .map(({ text }) => text.slice(-1))
          .sort()
          .join(''),
      );
      expect(byText).toBe(byVector);
      return byText;
    };
    expect(await texts({})).toBe('acd');
    expect(await texts({ planeId: 'plane-2' })).toBe('b');
    expect(await texts({ excludedRunIds: ['run-2', 'run-9'] })).toBe('ad');
    expect(await texts({ sourceId: 'source-2' })).toBe('d');
    expect(await texts({ documentIds: ['doc-1', 'doc-2'] })).toBe('ac');
    expect(await texts({ documentIds: [] })).toBe('');
    expect(await texts({ tenantId: 'other' })).toBe('');
  });

  it('treats hostile ids as ids', async () => {
    const hostile = ["it's", "' OR '1'='1", "\\' OR 1=1 --", '"; DROP', '%', 'a\nb', '名前', "''"];
    await store.upsert(
      'acme',
      hostile.map((documentId, chunkIndex) => chunk(`word ${chunkIndex}`, { documentId, chunkIndex })),
    );
    for (const documentId of hostile) {
      expect((await store.findByDocuments(scope, [documentId], 9)).map((row) => row.documentId)).toEqual([documentId]);
      expect(await store.searchVector({ ...scope, planeId: documentId }, east, 9)).toEqual([]);
      expect(await store.countRows('acme', documentId)).toBe(0);
    }
    await store.deleteVersions('acme', 'plane-1', [{ documentId: "' OR '1'='1", keepVersion: null }]);
    expect(await store.countRows('acme', 'plane-1')).toBe(hostile.length - 1);
    await expect(store.countRows('acme', 'a\0b')).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(store.countRows('../acme', 'p')).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(store.upsert('Acme', [chunk('x')])).rejects.toMatchObject({ code: 'invalid_input' });
  });

  it('never fails on a text query, whatever it holds', async () => {
    await store.upsert('acme', [chunk("it's a word")]);
    const queries = [
      '',
      ' ',
      '"',
      '"word',
      'word AND (',
      'word~',
      '+word -x',
      '\\',
      '😀',
      '\0',
      '\ud800',
      'a:b^2',
      '*',
    ];
    for (const query of [...queries, 'x'.repeat(100_000), 'word '.repeat(10_000), '名前', '{"$ne":1}']) {
      await expect(store.searchText(scope, query, 5)).resolves.toBeInstanceOf(Array);
    }
    expect(await store.searchText(scope, '"word" 😀 AND (', 5)).toHaveLength(1);
  });

  it('removes former versions and dead runs', async () => {
    await store.upsert('acme', [
      chunk('old'),
      chunk('new', { version: sha256('v2') }),
      chunk('other', { documentId: 'doc-2', indexRunId: 'run-2' }),
      chunk('elsewhere', { planeId: 'plane-2' }),
    ]);
    await store.deleteVersions('acme', 'plane-1', [{ documentId: 'doc-1', keepVersion: sha256('v2') }]);
    expect((await store.findByDocuments(scope, ['doc-1', 'doc-2'], 9)).map(({ text }) => text)).toEqual([
      'new',
      'other',
    ]);
    await store.deleteRuns('acme', 'plane-1', ['run-2']);
    expect(await store.countRows('acme', 'plane-1')).toBe(1);
    expect(await store.countRows('acme', 'plane-2')).toBe(1);
  });

  it('orders by document and index, and by the ids asked for', async () => {
    const rows = [2, 0, 1].map((chunkIndex) => chunk(`part ${chunkIndex}`, { chunkIndex }));
    await store.upsert('acme', rows);
    expect((await store.findByDocuments(scope, ['doc-1'], 2)).map((row) => row.chunkIndex)).toEqual([0, 1]);
    const ids = rows.map(({ id }) => id);
    expect((await store.findByIds(scope, [...ids, 'absent'])).map(({ id }) => id)).toEqual(ids);
  });

  it('refuses vectors of another length, and a folder made for another length', async () => {
    const refused = { code: 'invalid_configuration' };
    await expect(store.upsert('acme', [chunk('x', { vector: Float32Array.of(1) })])).rejects.toMatchObject(refused);
    await expect(store.searchVector(scope, Float32Array.of(1), 5)).rejects.toMatchObject(refused);
    await store.upsert('acme', [chunk('x')]);
    const wider = createLanceStore({ folder, dimension: 8 });
    await expect(wider.upsert('acme', [chunk('y', { vector: new Float32Array(8) })])).rejects.toMatchObject(refused);
  });

  it('still finds everything, new rows too, once the table has an index for vectors', async () => {
    const indexed = createLanceStore({ folder, dimension: 4, vectorIndexRowsMin: 300 });
    const rows = Array.from({ length: 400 }, (_, index) => {
      const angle = (index / 400) * Math.PI;
      return chunk(`row ${index}`, { vector: Float32Array.of(Math.cos(angle), Math.sin(angle), 0, 0) });
    });
    await indexed.upsert('acme', rows);
    await indexed.compact('acme');
    await indexed.upsert('acme', [chunk('fresh', { vector: Float32Array.of(0, 0, 1, 0), planeId: 'plane-2' })]);
    expect(await indexed.searchVector(scope, east, 400)).toHaveLength(400);
    expect((await indexed.searchVector(scope, east, 1))[0]?.text).toBe('row 0');
    expect(await indexed.searchVector({ ...scope, planeId: 'plane-2' }, east, 5)).toHaveLength(1);
  });

  it('passes its own health check', async () => {
    await store.checkHealth();
  });
});
