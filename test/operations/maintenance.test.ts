import { forgetExpired } from '../../operations/maintenance/forget-expired';
import { ensurePartitions, reconcilePlanes } from '../../operations/maintenance/reconcile';
import { sweepEffects } from '../../operations/maintenance/sweep-effects';
import { createDatabase, type Database } from '../../operations/transaction/database';
import type { RunJobMessage } from '../../contracts/outbox';
import { newKey, startTestOperations, type TestOperations } from '../support/operations';
import { registerToolServer } from '../support/tool-server';

let core: TestOperations;
let system: Database;
beforeAll(async () => {
  core = await startTestOperations();
  system = createDatabase({ url: core.database.systemUrl, connectionsMax: 2, applicationName: 'test-maintenance' });
});
afterAll(async () => {
  await system.destroy();
  await core.stop();
});

const onboarding = (name: string) =>
  core.dispatch(core.as('admin'), 'knowledge.planes.register', {
    params: {
      name,
      plane_type: 'private',
      unreadable_tolerance: 0.1,
      onboard: true,
      sources: [{ source_type: 'upload', name: 'up', config: {} }],
    },
    idempotencyKey: newKey(),
  });

test('records and delivered messages go when their time is over, and not before', async () => {
  const { planeId } = await onboarding('kept');
  await core.relay.deliver();
  const count = async () => {
    const { rows } = await core.owner.query(
      `select (select count(*)::int from idempotency_records) as records, (select count(*)::int from event_outbox) as messages`,
    );
    return rows[0] as { records: number; messages: number };
  };
  const before = await count();
  await forgetExpired(system);
  expect(await count()).toEqual(before);
  await core.owner.query(
    `update idempotency_records set retain_until = now() - interval '1 second'
    where outcome like '%' || $1 || '%'`,
    [planeId],
  );
  await core.owner.query(`update event_outbox set published_at = now() - interval '8 days'`);
  await forgetExpired(system);
  expect(await count()).toEqual({ records: before.records - 1, messages: 0 });
});

test('looks at a server go when their time is over, but for the newest and those that have not ended', async () => {
  const { serverId } = await registerToolServer(core, { name: 'notes', url: 'https://notes.example/mcp' });
  const { serverId: other } = await registerToolServer(core, { name: 'other', url: 'https://other.example/mcp' });
  await core.owner.query('delete from mcp_discoveries');
  const looked = async (id: string, server: string, days: number, isEnded = true) =>
    core.owner.query(
      `insert into mcp_discoveries (discovery_id, tenant_id, server_id, requested_by, requested_at, state, ended_at, error_code)
        values ($1, $2, $3, 'somebody', now() - $4 * interval '1 day', $5, case when $6 then now() - $4 * interval '1 day' end,
          case when $6 then 'network_error' end)`,
      [id, core.as('admin').tenantId, server, days, isEnded ? 'failed' : 'pending', isEnded],
    );
  await looked('old', serverId, 31);
  await looked('open', serverId, 31, false);
  await looked('young', serverId, 29);
  await looked('newest of the other', other, 400);
  await forgetExpired(system);
  const { rows } = await core.owner.query('select discovery_id from mcp_discoveries order by requested_at desc');
  expect(rows.map((row) => row.discovery_id)).toEqual(['young', 'open', 'newest of the other']);
});

test('a job whose workflow has gone is handed over again; one that runs, or waits for delivery, is not', async () => {
  const { planeId } = await onboarding('orphan');
  const handedOver: RunJobMessage[] = [];
  const port = (running: boolean) => ({
    isRunning: async () => running,
    deliver: async (message: RunJobMessage) => void handedOver.push(message),
  });
  await core.owner.query(`update knowledge_jobs set updated_at = now() - interval '1 minute'`);
  await reconcilePlanes(system, port(false));
  expect(handedOver.map(({ payload }) => payload.planeId)).not.toContain(planeId);
  await core.relay.deliver();
  await reconcilePlanes(system, port(true));
  expect(handedOver.map(({ payload }) => payload.planeId)).not.toContain(planeId);
  await reconcilePlanes(system, port(false));
  expect(handedOver.map(({ payload }) => payload.planeId)).toContain(planeId);
});

test('a plane without an active job is left alone', async () => {
  const { planeId } = await onboarding('killed');
  await core.relay.deliver();
  await core.owner.query(`update knowledge_jobs set status = 'killed' where plane_id = $1`, [planeId]);
  await core.owner.query(`update knowledge_planes set active_job_id = null where plane_id = $1`, [planeId]);
  const handedOver: string[] = [];
  await core.owner.query(`update knowledge_jobs set updated_at = now() - interval '1 minute'`);
  await reconcilePlanes(system, {
    isRunning: async () => false,
    deliver: async ({ payload }) => void handedOver.push(payload.planeId),
  });
  expect(handedOver).not.toContain(planeId);
});

test('an abandoned retrieval is closed as failed, once, with its audit event', async () => {
  const tenantId = core.keys.tenants[0]?.tenant_id;
  await core.owner.query(
    `insert into effect_intents (intent_id, tenant_id, subject, phase, attempt_token, deadline, integrity_hash)
      values ('left', $1, 'retrieval:left', 'release', 'a', now() - interval '1 minute', 'h'),
        ('other', $1, 'tool:left', 'upstream', 'a', now() - interval '1 minute', 'h'),
        ('open', $1, 'retrieval:open', 'release', 'a', now() + interval '1 hour', 'h')`,
    [tenantId],
  );
  expect(await sweepEffects(system, core.dispatch)).toBe(2);
  expect(await sweepEffects(system, core.dispatch)).toBe(0);
  const { rows } = await core.owner.query(`select intent_id, outcome from effect_outcomes order by intent_id`);
  expect(rows).toEqual([
    { intent_id: 'left', outcome: 'failed' },
    { intent_id: 'other', outcome: 'unknown' },
  ]);
});

test('partitions are there for this month and the next three, and making them again makes none', async () => {
  // The template may have been made in the month before.
  await ensurePartitions(system);
  expect(await ensurePartitions(system)).toBe(0);
  const { rows } = await core.owner.query(
    `select to_regclass('audit_partitions.audit_events_' || to_char(now() + n * interval '1 month', 'YYYY_MM')) is not null as made
      from generate_series(0, 3) n`,
  );
  expect(rows).toEqual(Array.from({ length: 4 }, () => ({ made: true })));
});
