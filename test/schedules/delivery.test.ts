import type { OutboxMessage } from '../../contracts/outbox';
import { createRelay, type Relay } from '../../operations/outbox/relay';
import { createDatabase, type Database } from '../../operations/transaction/database';
import { newKey, startTestOperations, type TestOperations } from '../support/operations';
import { seedPlane } from '../support/seeds';

let core: TestOperations;
let systemDb: Database;
let relay: Relay;
let isAway = true;
const received: OutboxMessage[] = [];
beforeAll(async () => {
  core = await startTestOperations();
  const url = core.database.systemUrl;
  systemDb = createDatabase({ url, connectionsMax: 2, applicationName: 'test-relay' });
  relay = createRelay({
    db: systemDb,
    port: {
      async deliver(message) {
        if (isAway) throw new Error('the engine is away');
        received.push(message);
      },
    },
  });
});
afterAll(async () => {
  await systemDb.destroy();
  await core.stop();
});

test("a schedule's changes go out one after the other, also when the first of them fails", async () => {
  const { planeId } = await seedPlane(core.owner, core.as('admin').tenantId, 'ACTIVE');
  const call = { idempotencyKey: newKey() };
  const set = (interval_seconds: number) =>
    core.dispatch(core.as('admin'), 'knowledge.schedules.set', {
      params: { planeId, definition: { interval_seconds, overlap: 'SKIP' } },
      idempotencyKey: newKey(),
    });
  await set(3_600);
  await core.dispatch(core.as('admin'), 'knowledge.schedules.delete', { params: { planeId }, ...call });
  await set(7_200);

  expect(await relay.deliver()).toBe(0);
  isAway = false;
  // The first waits for its next attempt, and the others wait for it.
  expect(await relay.deliver()).toBe(0);
  await core.owner.query('update event_outbox set next_attempt_at = now()');
  expect([await relay.deliver(), await relay.deliver(), await relay.deliver(), await relay.deliver()]).toEqual([
    1, 1, 1, 0,
  ]);
  expect(received.map(({ topic }) => topic)).toEqual(['schedule.upsert', 'schedule.delete', 'schedule.upsert']);
  expect(received[0]?.payload).toMatchObject({ planeId, intervalSeconds: 3_600, paused: false });
  expect(received[2]?.payload).toMatchObject({ planeId, intervalSeconds: 7_200 });
});
