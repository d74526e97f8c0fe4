import { epochWanted } from '../../scripts/migrate/transaction-ids';
import { startTestOperations, type TestOperations } from '../support/operations';

let core: TestOperations;
beforeAll(async () => {
  core = await startTestOperations();
});
afterAll(() => core.stop());

test('evidence from a server that had counted further is told of, with the epoch that helps', async () => {
  expect(await epochWanted(core.owner)).toBeUndefined();
  const inEpoch5 = { xact_id: String((5n << 32n) + 1244n), id: 'd1b1a1de-0000-4000-8000-000000000001' };
  await core.owner.query(
    `insert into audit_events select (jsonb_populate_record(e, $1)).* from audit_events e order by ordinal limit 1`,
    [{ ...inEpoch5, event_id: 'evt_restored', ordinal: 1_000_000 }],
  );
  expect(await epochWanted(core.owner)).toBe(6);
});
