import { execFileSync } from 'node:child_process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createSqlReader } from '../../activities/adapters/source-reader/sql';
import type { SourceDatabase } from '../support/source-database';
import { until } from '../support/until';
import { createNotes, noteCount, readingFrom, signal, textOf } from './reading';

const rows = 50_000;
let db: SourceDatabase;
beforeAll(async () => {
  db = await createNotes(rows);
});
afterAll(() => db.drop());

const { aReader, readAll, refused } = readingFrom(() => db);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What is still referred to, so that the moment of a collection plays no part. */
function memoryHeld(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** By a process of its own that is waited for: nothing of a socket is read here meanwhile. */
function endUnheard(pids: readonly number[]): void {
  const end = `const { Client } = require('pg');
    const db = new Client(process.env.DB_URL);
    const end = () => db.query('select pg_terminate_backend(p, 10000) from unnest($1::int[]) p', [${JSON.stringify(pids)}]);
    db.connect().then(end).then(() => db.end())`;
  const env = { ...process.env, DB_URL: process.env.TEST_POSTGRES_ADMIN_URL };
  execFileSync(process.execPath, ['-e', end], { env });
}

describe('rows become documents', () => {
  test('named by id, as lines of all columns, with dates in one form', async () => {
    const items = await readAll({
      sql: 'select id, title, null as empty, made from notes where id <= 3 order by id desc',
    });
    expect(items.map(({ name }) => name)).toEqual(['1.txt', '2.txt', '3.txt']);
    expect(await textOf(items[0])).toBe('id: 1\ntitle: Note 1\nmade: 2026-01-02 03:04:05+00');
  });

  test('of a content column under its metadata', async () => {
    const columns = { id: 'id', content: 'body', content_format: 'markdown', metadata: ['title'] };
    const [item] = await readAll({ sql: `select id, title, '# Head' as body from notes where id = 7`, columns });
    expect(item?.name).toBe('7.md');
    expect(await textOf(item)).toBe('title: Note 7\n\n# Head');
    const html = { ...columns, content_format: 'html' };
    const [page] = await readAll({
      sql: `select id, '<x>' as title, '<p>y</p>' as body from notes where id = 7`,
      columns: html,
    });
    expect(await textOf(page)).toBe('<p>title: &lt;x&gt;</p><p>y</p>');
  });

  test('a row that is too large is unreadable, and the others are read', async () => {
    const sql = `select id, repeat('x', case when id = 2 then 5000000 else 1 end) as body from notes where id <= 3`;
    const items = await readAll({ sql });
    expect(items).toHaveLength(3);
    await expect(items[1]?.open()).rejects.toMatchObject({ code: 'too_large' });
  });
});

describe('a large table', () => {
  test(`${rows} rows are streamed in pages with flat memory, from one view`, async () => {
    const { reader, source } = await aReader({
      sql: 'select id, body from notes',
      columns: { id: 'id', content: 'body' },
    });
    let cursor: string | null = null;
    let count = 0;
    const held: number[] = [];
    do {
      const page = await reader.readPage(source, { cursor, itemsMax: 100, signal });
      if (count === 0) await db.admin.query(`insert into notes values (${rows + 1}, 'late', 'late', 'late')`);
      count += page.items.length;
      cursor = page.nextCursor;
      if (count % 10_000 === 0) held.push(memoryHeld());
      expect((await db.sessions()).length).toBeLessThanOrEqual(1);
    } while (cursor !== null && count < rows * 2);
    await db.admin.query(`delete from notes where id > ${rows}`);
    expect(count).toBe(rows);
    // The whole is some 12 MB of text: had pages been kept, it would show. What others left may go meanwhile.
    expect(Math.max(...held) - (held[0] ?? 0)).toBeLessThan(8 * 1024 * 1024);
  });

  test('a reader that comes back without its session goes on behind the last id', async () => {
    const given = { sql: 'select id, title from notes where id <= 250' };
    const first = await aReader(given);
    const page = await first.reader.readPage(first.source, { cursor: null, itemsMax: 100, signal });
    await first.reader.close();
    const second = await aReader(given);
    const next = await second.reader.readPage(second.source, { cursor: page.nextCursor, itemsMax: 100, signal });
    expect(next.items[0]?.name).toBe('101.txt');
    // The server ended the session that waited: the reader opens another, whether it has heard of that or not.
    for (const { pid } of await db.sessions()) await db.admin.query('select pg_terminate_backend($1, 10000)', [pid]);
    const last = await second.reader.readPage(second.source, { cursor: next.nextCursor, itemsMax: 100, signal });
    expect(last.items.map(({ name }) => name).slice(-1)).toEqual(['250.txt']);
    expect(last.nextCursor).toBeNull();
  });

  test('a session that the server has ended is opened anew, also before this process hears of its end', async () => {
    const { reader, source } = await aReader({ sql: 'select id from notes where id <= 150' });
    const page = await reader.readPage(source, { cursor: null, itemsMax: 100, signal });
    endUnheard((await db.sessions()).map(({ pid }) => pid));
    const last = await reader.readPage(source, { cursor: page.nextCursor, itemsMax: 100, signal });
    expect(last.items.map(({ name }) => name)).toEqual(Array.from({ length: 50 }, (_, n) => `${n + 101}.txt`));
  });

  test('ids that cannot name documents are refused', async () => {
    const both = async (sql: string) => (await refused({ sql }, { stage: 'read' })).message;
    expect(await both('select 1 as id from notes where id <= 2')).toMatch(/same value/);
    expect(await both('select nullif(id, 2) as id from notes where id <= 2')).toMatch(/null/);
    expect(await both(`select repeat('x', 513) as id`)).toMatch(/512/);
    expect(await both(`select '' as id`)).toMatch(/empty/);
    expect(await both(`select '{}'::json as id`)).toMatch(/cast it to text/);
    expect(await both('select 1 as other')).toMatch(/no column/);
    expect(await both('select 1 as id, 2 as id')).toMatch(/more than one|ambiguous/);
    expect(await both('select id, raw from notes')).toMatch(/binary/);
  });
});

describe('nothing is written', () => {
  const attacks = [
    'select 1 as id; insert into notes values (-1, $$x$$)',
    `select 1 as id) q; insert into notes values (-1, 'x'); select * from (select 1 as id`,
    `select 1 as id) q; commit; insert into notes values (-1, 'x'); --`,
    `insert into notes values (-1, 'x') returning id`,
    `with x as (insert into notes values (-1, 'x') returning id) select * from x`,
    'select sneak() as id',
    'select sneak_definer() as id',
    `select nextval('counter') as id`,
    `select set_config('transaction_read_only', 'off', true) as id, sneak()`,
    `select set_config('transaction_read_only', 'off', false)::text as id union all select sneak()::text`,
    `select id from notes for update`,
    `copy notes to program 'true'`,
    `select lo_create(0)::text as id`,
    `select pg_read_file('/etc/passwd') as id`,
  ];
  test.each(attacks)('by %s, though the role may write and the text was never checked', async (sql) => {
    const error = await refused({ sql, connection: db.writer }, { stage: 'read', check: false });
    expect(error).toMatchObject({ code: 'invalid_state', reason: 'SQL_INGESTION_ERROR' });
    expect(await noteCount(db)).toBe(rows);
  });
});

describe('the role', () => {
  const sql = 'select id from notes';
  test('a reader is accepted; a writer only when the operator says so; a superuser never', async () => {
    const { reader, source } = await aReader({ sql });
    await reader.check(source, { signal });
    expect((await refused({ sql, connection: { ...db.writer, allowWritableRole: false } })).message).toMatch(
      /may write/,
    );
    const allowed = await aReader({ sql, connection: db.writer });
    await allowed.reader.check(allowed.source, { signal });
    expect((await refused({ sql, connection: { ...db.superuser, allowWritableRole: true } })).message).toMatch(
      /superuser/,
    );
    // Those of the queries that failed before are closed without waiting for it.
    await until(async () => (await db.sessions()).length === 0, { what: 'the end of all sessions' });
  });

  test('another tenant and an unknown connection are answered alike', async () => {
    const foreign = await refused({ sql, connection: { ...db.reader, tenants: ['ten_9'] } });
    const { reader, source } = await aReader({ sql });
    const unknown = await createSqlReader({ connections: {}, findTemplate: async () => undefined })
      .check(source, { signal })
      .catch((error: unknown) => error);
    expect(foreign).toMatchObject({ code: 'resource_not_found', reason: 'CONNECTOR_NOT_FOUND' });
    expect(unknown).toMatchObject({ message: foreign.message, reason: foreign.reason });
    await reader.close();
  });
});

describe('faults of the far side', () => {
  const sql = 'select id from notes';
  test.each([
    ['a wrong password', { password: 'wrong' }, 'invalid_state', /user or password/],
    ['no database', { database: 'nowhere' }, 'invalid_state', /not there/],
    ['a server without TLS', { ssl: true }, 'invalid_state', /TLS/],
    ['a server that is down', { port: 1 }, 'service_unavailable', /cannot be reached/],
    ['a password file that is not there', { password: undefined, passwordFile: '/nowhere' }, 'invalid_state', /file/],
  ])('%s', async (_, change, code, message) => {
    const error = await refused({ sql, connection: { ...db.reader, ...change } });
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  test('a table that is not there, or may not be read, is said at verification', async () => {
    expect((await refused({ sql: 'select id from nothing' })).message).toMatch(/nothing.*42P01/);
    await db.admin.query('create table hidden (id int)');
    expect((await refused({ sql: 'select id from hidden' })).message).toMatch(/42501/);
  });

  test('values of rows are in no message', async () => {
    const error = await refused({ sql: `select (title)::int as id from notes where id = 1` }, { stage: 'read' });
    expect(error.message).toMatch(/22P02/);
    expect(error.message).not.toContain('Note 1');
  });

  test('a slow query is ended by the server, also one that takes its time-out away', async () => {
    for (const sql of [
      'select 1 as id, pg_sleep(25)::text as s',
      `select n as id, set_config('statement_timeout', '0', true), pg_sleep(25)::text as s from generate_series(1, 2) n`,
    ]) {
      const error = await refused({ sql, statementTimeoutMs: 50 }, { stage: 'read' });
      expect(error).toMatchObject({ code: 'invalid_state', reason: 'SQL_INGESTION_ERROR' });
      expect(error.message).toMatch(/longer than/);
    }
    await until(async () => (await db.sessions()).length === 0);
  });

  test('an aborted query ends at the server', async () => {
    const { reader, source } = await aReader({ sql: 'select 1 as id, pg_sleep(25)::text as s' });
    const stop = new AbortController();
    const reading = reader
      .readPage(source, { cursor: null, itemsMax: 10, signal: stop.signal })
      .catch((error: unknown) => error);
    await until(async () =>
      (await db.sessions()).some(({ query, state }) => /^fetch/.test(query) && state === 'active'),
    );
    stop.abort(new Error('killed'));
    expect(await reading).toEqual(new Error('killed'));
    await until(async () => (await db.sessions()).length === 0, { limitMs: 20_000 });
  });
});
