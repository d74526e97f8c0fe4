import type { OutboxMessage } from '../../contracts/outbox';
import { reconcileSchedules } from '../../operations/maintenance/reconcile-schedules';
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
  // The first waits for its next attempt, however long that is away, and the others wait for it.
  const { rows: delayed } = await core.owner.query(
    `update event_outbox set next_attempt_at = next_attempt_at + interval '1 hour'
      where next_attempt_at > created_at + interval '100 milliseconds' returning topic, attempts`,
  );
  expect(delayed).toEqual([{ topic: 'schedule.upsert', attempts: 1 }]);
  expect(await relay.deliver()).toBe(0);
  await core.owner.query(`update event_outbox set next_attempt_at = now() - interval '1 second'`);
  expect([await relay.deliver(), await relay.deliver(), await relay.deliver(), await relay.deliver()]).toEqual([
    1, 1, 1, 0,
  ]);
  expect(received.map(({ topic }) => topic)).toEqual(['schedule.upsert', 'schedule.delete', 'schedule.upsert']);
  expect(received[0]?.payload).toMatchObject({ planeId, intervalSeconds: 3_600, paused: false });
  expect(received[2]?.payload).toMatchObject({ planeId, intervalSeconds: 7_200 });
});

test('a schedule that the engine has lost is made again; what it has, is told already or was deleted is left alone', async () => {
  const seed = async () => (await seedPlane(core.owner, core.as('admin').tenantId, 'ACTIVE')).planeId;
  const [lost, kept, waiting, deleted] = [await seed(), await seed(), await seed(), await seed()];
  const set = (planeId: string) =>
    core.dispatch(core.as('admin'), 'knowledge.schedules.set', {
      params: { planeId, definition: { interval_seconds: 600, overlap: 'SKIP' } },
      idempotencyKey: newKey(),
    });
  for (const planeId of [lost, kept, deleted]) await set(planeId);
  await core.dispatch(core.as('admin'), 'knowledge.schedules.delete', {
    params: { planeId: deleted },
    idempotencyKey: newKey(),
  });
  await core.owner.query('update event_outbox set published_at = now()');
  await set(waiting);
  await core.owner.query(`update plane_schedules set updated_at = now() - interval '1 minute'`);

  const told: OutboxMessage[] = [];
  const engine = {
    readSchedule: async (id: string) => (id.endsWith(lost) ? undefined : {}),
    deliver: async (message: OutboxMessage) => void told.push(message),
  };
  const made = await reconcileSchedules(systemDb, engine);
  expect(made).toHaveLength(1);
  expect(told).toMatchObject([{ topic: 'schedule.upsert', payload: { planeId: lost, intervalSeconds: 600 } }]);
});
