import { sql } from 'kysely';
import { createDatabase, type Database } from '../../operations/transaction/database';
import { thenCommit } from '../../operations/transaction/pipelining-client';
import { readAsTenant } from '../../operations/transaction/read';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { runSql } from '../support/sql';
import { until } from '../support/until';

let database: TestDatabase;
let db: Database;
let other: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  await runSql(database.ownerUrl, 'create table noted (id int primary key); grant all on noted to aos_app');
  const open = () => createDatabase({ url: database.appUrl, connectionsMax: 1, applicationName: 'test' });
  [db, other] = [open(), open()];
});
afterAll(async () => {
  await Promise.all([db.destroy(), other.destroy()]);
  await database.drop();
});

const notedIds = async (by = db) => {
  const { rows } = await sql<{ id: number }>`select id from noted order by id`.execute(by);
  return rows.map(({ id }) => id);
};

test('what is done between begin and rollback or commit is one transaction', async () => {
  const dropped = await db.startTransaction().execute();
  await sql`insert into noted values (1)`.execute(dropped);
  await dropped.rollback().execute();
  const kept = await db.startTransaction().execute();
  await sql`insert into noted values (2)`.execute(kept);
  const inner = await kept.savepoint('decision').execute();
  await sql`insert into noted values (3)`.execute(inner);
  await inner.rollbackToSavepoint('decision').execute();
  await kept.commit().execute();
  expect(await notedIds()).toEqual([2]);
});

test('a failed beginning fails the statement that follows, and nothing is done', async () => {
  const within = await db.startTransaction().execute();
  await expect(sql`select 1/${0}::int`.execute(within)).rejects.toThrow('division by zero');
  // In a transaction that has failed no savepoint can be made; the next statement says so, and is not carried out.
  const savepoint = await within.savepoint('decision').execute();
  await expect(sql`insert into noted values (4)`.execute(savepoint)).rejects.toThrow('aborted');
  await within.rollback().execute();
  expect(await notedIds()).toEqual([2]);
});

test('a statement that announces the commit takes it with it', async () => {
  const tx = await db.startTransaction().execute();
  await sql`insert into noted values (10)`.execute(tx);
  await sql`insert into noted values (${11}) ${sql.raw(thenCommit)}`.execute(tx);
  // Another connection is asked for it until it is there, while nothing more is sent on this one.
  await until(async () => (await notedIds(other)).includes(11), { what: 'the commit' });
  expect(await notedIds(other)).toEqual([2, 10, 11]);
  await tx.commit().execute();
  await sql`delete from noted where id in (10, 11)`.execute(db);
});

const unencodable = {
  toJSON() {
    throw new Error('no such value');
  },
};

test.each([
  ['fails at the server', 2, 'duplicate key'],
  ['cannot be encoded', unencodable, 'no such value'],
])('a statement that announces the commit and %s leaves nothing of its transaction', async (_why, value, message) => {
  const tx = await db.startTransaction().execute();
  await sql`insert into noted values (12)`.execute(tx);
  const last = sql`insert into noted values (${value}) ${sql.raw(thenCommit)}`;
  await expect(last.execute(tx)).rejects.toThrow(message);
  await tx.rollback().execute();
  expect(await notedIds()).toEqual([2]);
});

test('a reading whose end was not waited for leaves a connection that serves the next', async () => {
  const tenants = Array.from({ length: 20 }, (_, index) => `tenant-${index}`);
  const seen = await Promise.all(
    tenants.map((tenant) =>
      readAsTenant(db, tenant, async (tx) => {
        const { rows } = await sql<{ tenant: string; only: string }>`
          select current_setting('aos.tenant') as tenant, current_setting('transaction_read_only') as only`.execute(tx);
        return rows[0];
      }),
    ),
  );
  expect(seen).toEqual(tenants.map((tenant) => ({ tenant, only: 'on' })));
  const { rows } = await sql<{ tenant: string }>`select current_setting('aos.tenant', true) as tenant`.execute(db);
  expect(rows[0]?.tenant ?? '').toBe('');
});

test('a connection that is cut between begin and the first statement fails that statement, and the next work gets another', async () => {
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db);
  const tx = await db.startTransaction().execute();
  await runSql(database.appUrl, `select pg_terminate_backend(${rows[0]?.pid ?? 0}, 5000)`);
  await expect(sql`insert into noted values (${5})`.execute(tx)).rejects.toThrow();
  await tx
    .rollback()
    .execute()
    .catch(() => {});
  expect(await notedIds()).toEqual([2]);
});
