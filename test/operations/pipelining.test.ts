import { sql } from 'kysely';
import { createDatabase, type Database } from '../../operations/transaction/database';
import { readAsTenant } from '../../operations/transaction/read';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { runSql } from '../support/sql';

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  await runSql(database.ownerUrl, 'create table noted (id int primary key); grant all on noted to aos_app');
  db = createDatabase({ url: database.appUrl, connectionsMax: 1, applicationName: 'test' });
});
afterAll(async () => {
  await db.destroy();
  await database.drop();
});

const notedIds = async () => {
  const { rows } = await sql<{ id: number }>`select id from noted order by id`.execute(db);
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
