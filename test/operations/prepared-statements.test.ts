import { sql } from 'kysely';
import { Client } from 'pg';
import { toEngineFault } from '../../operations/transaction/faults';
import { createDatabase } from '../../operations/transaction/database';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { runSql } from '../support/sql';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await runSql(database.ownerUrl, 'create table growing (id int); grant select on growing to aos_app');
});
afterAll(() => database.drop());

test('a statement that comes again is prepared once, and outlives a change of its table', async () => {
  const db = createDatabase({ url: database.appUrl, connectionsMax: 1, applicationName: 'test' });
  try {
    const read = () => sql`select * from growing where id > ${0}`.execute(db);
    for (let time = 0; time < 5; time += 1) await read();
    const { rows } = await sql<{ n: number }>`
      select count(*)::int as n from pg_prepared_statements where statement like '%growing where id%'`.execute(db);
    expect(rows[0]?.n).toBe(1);

    await runSql(database.ownerUrl, 'alter table growing add column name text');
    const error: unknown = await read().catch(toEngineFault);
    expect(error).toMatchObject({ code: 'temporary_failure' });
    await expect(read()).resolves.toMatchObject({ rows: [] });
  } finally {
    await db.destroy();
  }
});

test('no function in SQL is planned anew in each statement: all of them are inlined', async () => {
  const owner = new Client({ connectionString: database.ownerUrl });
  await owner.connect();
  try {
    const { rows } = await owner.query<{ name: string; call: string }>(
      `select p.proname as name, format('%I(%s)', p.proname,
         (select string_agg('null::' || format_type(t, null), ', ') from unnest(p.proargtypes) as t)) as call
       from pg_proc p join pg_language l on l.oid = p.prolang
       where l.lanname = 'sql' and p.pronamespace = 'public'::regnamespace`,
    );
    expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(['aos_fence_key', 'aos_tenant']));
    for (const { name, call } of rows) {
      const { rows: lines } = await owner.query<{ 'QUERY PLAN': string }>(`explain (verbose) select ${call}`);
      const plan = lines.map((line) => line['QUERY PLAN']).join('\n');
      expect({ name, isCalled: plan.includes(`${name}(`) }).toEqual({ name, isCalled: false });
    }
  } finally {
    await owner.end();
  }
});
