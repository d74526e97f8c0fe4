import { refuseEvidenceAhead } from '../../scripts/migrate/transaction-ids';
import { startTestOperations, type TestOperations } from '../support/operations';

let core: TestOperations;
beforeAll(async () => {
  core = await startTestOperations();
});
afterAll(() => core.stop());

test('nothing starts on evidence from a server that had counted further, and the message says what helps', async () => {
  await refuseEvidenceAhead(core.owner);
  const inEpoch5 = { xact_id: String((5n << 32n) + 1244n), id: 'd1b1a1de-0000-4000-8000-000000000001' };
  await core.owner.query(
    `insert into audit_events select (jsonb_populate_record(e, $1)).* from audit_events e order by ordinal limit 1`,
    [{ ...inEpoch5, event_id: 'evt_restored', ordinal: 1_000_000 }],
  );
  await expect(refuseEvidenceAhead(core.owner)).rejects.toThrow('pg_resetwal --epoch=6');
});
