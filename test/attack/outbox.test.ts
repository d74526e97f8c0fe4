import type { RunJobMessage } from '../../contracts/outbox';
import { reconcilePlanes } from '../../operations/maintenance/reconcile';
import { createRelay } from '../../operations/outbox/relay';
import { createDatabase, type Database } from '../../operations/transaction/database';
import { newKey, startTestOperations, type TestOperations } from '../support/operations';

let core: TestOperations;
let system: Database;
beforeAll(async () => {
  core = await startTestOperations();
  system = createDatabase({ url: core.database.systemUrl, connectionsMax: 2, applicationName: 'test-attack' });
});
afterAll(async () => {
  await system.destroy();
  await core.stop();
});

test('a message that has failed for days neither stops the relay nor holds others back', async () => {
  const { planeId } = await core.dispatch(core.as('admin'), 'knowledge.planes.register', {
    params: {
      name: 'behind a poisoned one',
      plane_type: 'private',
      unreadable_tolerance: 0.1,
      onboard: true,
      sources: [{ source_type: 'upload', name: 'up', config: {} }],
    },
    idempotencyKey: newKey(),
  });
  await core.owner.query(
    `insert into event_outbox (tenant_id, topic, workflow_id, payload, attempts)
      select tenant_id, 'poison', 'poison', '{}', 5000 from knowledge_planes where plane_id = $1`,
    [planeId],
  );
  const delivered: string[] = [];
  const port = {
    async deliver({ topic, payload }: RunJobMessage) {
      if (topic !== 'plane.run_job') throw new Error('no delivery for this topic');
      delivered.push(payload.planeId);
    },
  };
  const relay = createRelay({ db: system, port });
  expect(await relay.deliver()).toBe(1);
  expect(await relay.deliver()).toBe(0);
  expect(delivered).toEqual([planeId]);
  const { rows } = await core.owner.query(
    `select attempts, extract(epoch from next_attempt_at - now())::float8 as wait from event_outbox where topic = 'poison'`,
  );
  expect(rows).toEqual([{ attempts: 5001, wait: expect.any(Number) }]);
  expect(rows[0].wait).toBeLessThanOrEqual(30);
});

test('a job that cannot be handed over does not keep the others waiting', async () => {
  const planeIds: string[] = [];
  for (const name of ['first', 'second', 'third']) {
    const { planeId } = await core.dispatch(core.as('admin'), 'knowledge.planes.register', {
      params: {
        name,
        plane_type: 'private',
        unreadable_tolerance: 0.1,
        onboard: true,
        sources: [{ source_type: 'upload', name: 'up', config: {} }],
      },
      idempotencyKey: newKey(),
    });
    planeIds.push(planeId);
  }
  await core.owner.query(`update event_outbox set published_at = now()`);
  await core.owner.query(`update knowledge_jobs set updated_at = now() - interval '1 minute'`);
  await core.owner.query(`update knowledge_jobs set requester = '{}' where plane_id = $1`, [planeIds[0]]);
  const handedOver: string[] = [];
  const port = {
    isRunning: async () => false,
    deliver: async (message: RunJobMessage) => void handedOver.push(message.payload.planeId),
  };
  await expect(reconcilePlanes(system, port)).rejects.toThrow('1 jobs could not be handed over');
  expect(handedOver).toEqual(expect.arrayContaining(planeIds.slice(1)));
});
