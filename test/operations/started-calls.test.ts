import { sql } from 'kysely';
import { createDatabase, type Database } from '../../operations/transaction/database';
import { createStartedCalls } from '../../operations/outbox/started-calls';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { runSql } from '../support/sql';

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  db = createDatabase({ url: database.systemUrl, connectionsMax: 3, applicationName: 'test' });
});
afterAll(async () => {
  await db.destroy();
  await database.drop();
});

const leave = (topic: string, workflowId: string) =>
  runSql(
    database.ownerUrl,
    `insert into event_outbox (tenant_id, topic, workflow_id, payload) values ('t', '${topic}', '${workflowId}', '{}')`,
  );
const waiting = async () => {
  const { rows } = await sql<{ id: string }>`
    select topic || ' ' || workflow_id as id from event_outbox where published_at is null order by 1`.execute(db);
  return rows.map(({ id }) => id);
};

test('messages of started calls are marked; those of others, those held by a relay and other topics stay', async () => {
  const errors: unknown[] = [];
  const started = createStartedCalls({ db, onError: (error) => errors.push(error), intervalMs: 60_000 });
  for (const id of ['one', 'two', 'held', 'other']) await leave('tool.call', id);
  await leave('tool.decided', 'one');
  for (const id of ['one', 'two', 'held']) started.add(id);
  await db.transaction().execute(async (relay) => {
    await sql`select from event_outbox where workflow_id = 'held' for update`.execute(relay);
    await started.flush();
  });
  expect(await waiting()).toEqual(['tool.call held', 'tool.call other', 'tool.decided one']);
  await started.flush();
  expect(errors).toEqual([]);
});
