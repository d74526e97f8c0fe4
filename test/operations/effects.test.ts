import { Client } from 'pg';
import type { EffectResolution } from '../../contracts/effects';
import { sweepEffects } from '../../operations/maintenance/sweep-effects';
import { createDatabase, type Database } from '../../operations/transaction/database';
import { createPrisma, type PrismaClient } from '../../prisma/client';
import { listEffects } from '../../prisma/reads/effects';
import { newKey, startTestOperations, type TestOperations } from '../support/operations';
import { until } from '../support/until';

let core: TestOperations;
let system: Database;
let prisma: PrismaClient;
let own: string;
let made = 0;
beforeAll(async () => {
  core = await startTestOperations();
  system = createDatabase({ url: core.database.systemUrl, connectionsMax: 2, applicationName: 'test-effects' });
  prisma = createPrisma({ databaseUrl: core.database.appUrl, connectionsMax: 2 });
  own = core.keys.tenants[0]?.tenant_id ?? '';
});
afterAll(async () => {
  await prisma.$disconnect();
  await system.destroy();
  await core.stop();
});

async function anEffect(deadline: '-1 minute' | '1 hour', subject = 'tool'): Promise<string> {
  made += 1;
  const intentId = `effect-${made}`;
  await core.owner.query(
    `insert into effect_intents (intent_id, tenant_id, subject, phase, attempt_token, deadline, integrity_hash)
    values ($1, $2, $3, 'upstream', 'a', now() + $4::interval, 'h')`,
    [intentId, own, `${subject}:${intentId}`, deadline],
  );
  return intentId;
}

async function anUnknown(): Promise<string> {
  const intentId = await anEffect('-1 minute');
  await sweepEffects(system, core.dispatch);
  return intentId;
}

const resolve = (
  intentId: string,
  outcome: EffectResolution = 'succeeded',
  { key = newKey(), context = core.as('admin') } = {},
) =>
  core.dispatch(context, 'governance.effects.resolve', {
    params: { intentId, outcome, reason: `seen as ${outcome}` },
    idempotencyKey: key,
  });

async function outcomesOf(intentId: string) {
  const { rows } = await core.owner.query(
    'select outcome, first, resolved_by, reason from effect_outcomes where intent_id = $1 order by id',
    [intentId],
  );
  return rows;
}

async function idsOf(status: 'open' | 'unknown' | 'settled', tenant = own) {
  const page = { limit: 100, after: undefined };
  return (await listEffects(prisma, tenant, { status, page })).rows.map(({ intent_id }) => intent_id);
}

test('an unknown outcome is resolved once by a person, with the reason, and told in the audit', async () => {
  const intentId = await anUnknown();
  expect(await idsOf('unknown')).toContain(intentId);
  const context = core.as('admin');
  const said = { intentId, outcome: 'succeeded', reason: 'seen as succeeded', resolvedBy: context.actor.id };
  const key = newKey();
  expect(await resolve(intentId, 'succeeded', { key, context })).toEqual(said);
  expect(await resolve(intentId, 'succeeded', { key, context })).toEqual(said);
  expect(await resolve(intentId)).toEqual(said);
  expect(await outcomesOf(intentId)).toEqual([
    expect.objectContaining({ outcome: 'unknown', first: true, reason: 'abandoned' }),
    { outcome: 'succeeded', first: false, resolved_by: context.actor.id, reason: 'seen as succeeded' },
  ]);
  const { rows } = await core.owner.query(
    `select outcome, evidence->>'outcome' as said from audit_events where event_type = 'EffectResolved' and resource_id = $1
    order by ordinal`,
    [intentId],
  );
  expect(rows).toEqual([
    { outcome: 'success', said: 'succeeded' },
    { outcome: 'skipped', said: 'succeeded' },
  ]);
  expect(await idsOf('unknown')).not.toContain(intentId);
  expect(await idsOf('settled')).toContain(intentId);
});

test('a second, different word is refused, as is one about an open or a known effect', async () => {
  const resolved = await anUnknown();
  await resolve(resolved, 'failed');
  const known = await anEffect('-1 minute', 'retrieval');
  await sweepEffects(system, core.dispatch);
  const open = await anEffect('1 hour');
  for (const [intentId, outcome] of [
    [resolved, 'succeeded'] as const,
    [known, 'failed'] as const,
    [open, 'failed'] as const,
  ]) {
    const before = await outcomesOf(intentId);
    await expect(resolve(intentId, outcome)).rejects.toMatchObject({ reason: 'INVALID_STATE' });
    expect(await outcomesOf(intentId)).toEqual(before);
  }
  expect(await idsOf('open')).toEqual([open]);
});

test('the same key with another word is a conflict', async () => {
  const intentId = await anUnknown();
  const key = newKey();
  await resolve(intentId, 'failed', { key });
  await expect(resolve(intentId, 'succeeded', { key })).rejects.toMatchObject({ code: 'conflict' });
});

test('another tenant neither sees nor resolves it, and a developer, viewer or auditor does not resolve it', async () => {
  const intentId = await anUnknown();
  const foreign = core.keys.tenants[1]?.tenant_id ?? '';
  for (const status of ['open', 'unknown', 'settled'] as const) expect(await idsOf(status, foreign)).toEqual([]);
  await expect(resolve(intentId, 'failed', { context: core.as('admin', 1) })).rejects.toMatchObject({
    reason: 'NOT_FOUND',
  });
  for (const role of ['developer', 'viewer', 'auditor'] as const) {
    await expect(resolve(intentId, 'failed', { context: core.as(role) })).rejects.toMatchObject({
      code: 'authorization_failed',
    });
  }
  expect(await outcomesOf(intentId)).toHaveLength(1);
});

test('it may be resolved under a kill, and not by a suspended tenant', async () => {
  const [intentId, later] = [await anUnknown(), await anUnknown()];
  const kill = (enabled: boolean) =>
    core.dispatch(core.as('admin'), 'governance.switches.change', {
      params: { scope: 'tenant', kind: 'kill', enabled, reason: 'test' },
      idempotencyKey: newKey(),
    });
  await kill(true);
  expect(await resolve(intentId)).toMatchObject({ outcome: 'succeeded' });
  await kill(false);
  await core.owner.query(`update tenants set status = 'suspended' where tenant_id = $1`, [own]);
  await expect(resolve(later)).rejects.toMatchObject({ reason: 'TENANT_INACTIVE' });
  await core.owner.query(`update tenants set status = 'active' where tenant_id = $1`, [own]);
  expect(await outcomesOf(later)).toHaveLength(1);
});

test('of two who resolve at once differently one is refused', async () => {
  for (let round = 0; round < 10; round += 1) {
    const intentId = await anUnknown();
    const said = await Promise.allSettled([resolve(intentId, 'succeeded'), resolve(intentId, 'failed')]);
    expect(said.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(await outcomesOf(intentId)).toHaveLength(2);
  }
});

test('an outcome that comes while the sweeper gives up stays the only first one', async () => {
  const intentId = await anEffect('-1 minute');
  const late = new Client({ connectionString: core.database.ownerUrl });
  await late.connect();
  await late.query('begin');
  await late.query(
    `insert into effect_outcomes (intent_id, tenant_id, outcome, first, integrity_hash) values ($1, $2, 'succeeded', true, 'h')`,
    [intentId, own],
  );
  const swept = sweepEffects(system, core.dispatch).catch((error: unknown) => error);
  await until(async () => {
    const { rows } = await core.owner.query(
      `select 1 from pg_locks join pg_stat_activity using (pid) where datname = current_database() and not granted`,
    );
    return rows.length > 0;
  });
  await late.query('commit');
  await late.end();
  expect(await swept).toMatchObject({ reason: 'CONFLICT' });
  expect(await outcomesOf(intentId)).toEqual([expect.objectContaining({ outcome: 'succeeded', first: true })]);
  expect(await sweepEffects(system, core.dispatch)).toBe(0);
});

test('pages follow each other without gap or repetition', async () => {
  const seen: string[] = [];
  let after: Awaited<ReturnType<typeof listEffects>>['next'] | undefined;
  do {
    const page = await listEffects(prisma, own, { status: undefined, page: { limit: 3, after: after ?? undefined } });
    seen.push(...page.rows.map(({ intent_id }) => intent_id));
    after = page.next;
  } while (after !== null);
  expect(seen).toHaveLength(made);
  expect(new Set(seen).size).toBe(made);
});
