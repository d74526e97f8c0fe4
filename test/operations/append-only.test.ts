import { appendOnly, checkTriggers } from '../../api/boot-checks';
import { createDatabase, type Database } from '../../operations/transaction/database';
import { startTestOperations, type TestOperations } from '../support/operations';

let core: TestOperations;
let system: Database;
beforeAll(async () => {
  core = await startTestOperations();
  system = createDatabase({ url: core.database.systemUrl, connectionsMax: 1, applicationName: 'test-triggers' });
});
afterAll(async () => {
  await system.destroy();
  await core.stop();
});

test('the boot check looks at every table that the migrations made append-only', async () => {
  const { rows } = await core.owner.query<{ name: string }>(
    `select distinct tgrelid::regclass::text as name from pg_trigger where tgname = 'append_only'`,
  );
  expect(new Set(appendOnly)).toEqual(new Set(rows.map(({ name }) => name)));
  await checkTriggers(system);
});

test.each([
  ['alter table retrieval_evidence disable trigger append_only', /retrieval_evidence/],
  ['alter table audit_partitions.audit_events_default disable trigger append_only_truncate', /audit_events_default/],
])('%s is told', async (statement, name) => {
  await core.owner.query(statement);
  await expect(checkTriggers(system)).rejects.toThrow(name);
  await core.owner.query(statement.replace('disable', 'enable'));
  await checkTriggers(system);
});
