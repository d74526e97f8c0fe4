import { EngineError } from '../../contracts/errors';
import { newKey, startTestOperations, type TestOperations } from '../support/operations';

let core: TestOperations;
beforeAll(async () => {
  core = await startTestOperations();
});
afterAll(() => core.stop());

const plane = (name: string) => ({
  name,
  plane_type: 'private' as const,
  unreadable_tolerance: 0.1,
  onboard: false,
  sources: [{ source_type: 'upload' as const, name: 'up', config: {} }],
});

async function refusalOf(work: Promise<unknown>): Promise<EngineError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof EngineError)) throw new Error(`expected a refusal, got ${String(error)}`);
  return error;
}

async function countAudit(where: string): Promise<number> {
  const { rows } = await core.owner.query<{ n: number }>(`select count(*)::int as n from audit_events where ${where}`);
  return rows[0]?.n ?? 0;
}

test('a write and its audit event are one: the event holds the exact hashed bytes', async () => {
  const context = core.as('admin');
  const { planeId, auditEventId } = await core.dispatch(context, 'knowledge.planes.register', {
    params: plane('written'),
    idempotencyKey: newKey(),
  });
  const { rows } = await core.owner.query(
    `select *, encode(sha256(payload_bytes), 'hex') as again, sha256('\\x00'::bytea || payload_bytes) as leaf,
      convert_from(payload_bytes, 'utf8')::jsonb as payload from audit_events where event_id = $1`,
    [auditEventId],
  );
  const [event] = rows;
  expect(event.plane_id).toBe(planeId);
  expect(event.request_id).toBe(context.requestId);
  expect(event.integrity_hash).toBe(event.again);
  expect(event.leaf_hash).toEqual(event.leaf);
  expect(event.payload).toMatchObject({
    event_id: auditEventId,
    tenant_id: context.tenantId,
    evidence: event.evidence,
  });
});

test('the same key and parameters give the same answer once; other parameters are a conflict', async () => {
  const context = core.as('admin');
  const idempotencyKey = newKey();
  const first = await core.dispatch(context, 'knowledge.planes.register', { params: plane('once'), idempotencyKey });
  const again = await core.dispatch(context, 'knowledge.planes.register', { params: plane('once'), idempotencyKey });
  expect(again).toEqual(first);
  const other = core.dispatch(context, 'knowledge.planes.register', { params: plane('twice'), idempotencyKey });
  expect(await refusalOf(other)).toMatchObject({ code: 'conflict', reason: 'key_reused' });
  expect((await core.owner.query(`select 1 from knowledge_planes where name in ('once', 'twice')`)).rows).toHaveLength(
    1,
  );
});

test('a permanent refusal after the claim is stored, a policy refusal frees the key', async () => {
  const context = core.as('admin');
  const params = plane('taken');
  await core.dispatch(context, 'knowledge.planes.register', { params, idempotencyKey: newKey() });
  const idempotencyKey = newKey();
  const attempt = () => core.dispatch(context, 'knowledge.planes.register', { params, idempotencyKey });
  expect(await refusalOf(attempt())).toMatchObject({ code: 'conflict', reason: 'name_taken' });
  await core.owner.query(`update knowledge_planes set name = 'moved away' where name = 'taken'`);
  expect(await refusalOf(attempt())).toMatchObject({ code: 'conflict', reason: 'name_taken' });
  expect(await countAudit(`event_type = 'OperationRefused' and request_id = '${context.requestId}'`)).toBe(1);
});

test('a refused permission changes nothing and is audited', async () => {
  const context = core.as('viewer');
  const error = await refusalOf(
    core.dispatch(context, 'knowledge.planes.register', { params: plane('forbidden'), idempotencyKey: newKey() }),
  );
  expect(error.code).toBe('authorization_failed');
  expect(await countAudit(`error_code = 'authorization_failed' and request_id = '${context.requestId}'`)).toBe(1);
  expect((await core.owner.query(`select 1 from knowledge_planes where name = 'forbidden'`)).rows).toEqual([]);
});

test('a revoked key is refused in the next transaction, although its context is older', async () => {
  const admin = core.as('admin');
  const made = await core.dispatch(admin, 'identity.keys.create', {
    params: { name: 'short lived', role: 'developer' },
    idempotencyKey: newKey(),
  });
  const context = { ...core.as('developer'), actor: { id: made.keyId, type: 'machine' as const, keyId: made.keyId } };
  await core.dispatch(context, 'knowledge.planes.register', { params: plane('before'), idempotencyKey: newKey() });
  await core.dispatch(admin, 'identity.keys.revoke', { params: { keyId: made.keyId }, idempotencyKey: newKey() });
  const after = core.dispatch(context, 'knowledge.planes.register', {
    params: plane('after'),
    idempotencyKey: newKey(),
  });
  expect(await refusalOf(after)).toMatchObject({ code: 'authorization_failed' });
});

test('a secret is in the first answer only', async () => {
  const request = { params: { name: 'secret', role: 'viewer' as const }, idempotencyKey: newKey() };
  const first = await core.dispatch(core.as('admin'), 'identity.keys.create', request);
  const again = await core.dispatch(core.as('admin'), 'identity.keys.create', request);
  expect(first.key).toMatch(/^aos_/);
  expect(again).toEqual({ ...first, key: null });
  const stored = await core.owner.query(`select 1 from idempotency_records where outcome like '%' || $1 || '%'`, [
    first.key,
  ]);
  expect(stored.rows).toEqual([]);
});

test('append-only tables refuse change to their owner, partitions that are named directly included', async () => {
  const { rows } = await core.owner.query<{ part: string }>(
    `select tableoid::regclass::text as part from audit_events limit 1`,
  );
  const part = rows[0]?.part ?? '';
  expect(part).toMatch(/^audit_partitions\.audit_events_\d{4}_\d{2}$/);
  for (const statement of [
    `update audit_events set outcome = 'success'`,
    `delete from audit_events`,
    `truncate audit_events`,
    `update ${part} set outcome = 'success'`,
    `delete from ${part}`,
    `truncate ${part}`,
    `delete from runtime_switch_history`,
    `update effect_intents set phase = 'x'`,
    `delete from policy_snapshots`,
    `truncate retrieval_evidence`,
  ]) {
    await expect(core.owner.query(statement)).rejects.toThrow('is append-only');
  }
});

test('one of fifty equal calls at once does the work, beside fifty with another body under the same key', async () => {
  const context = core.as('admin');
  const idempotencyKey = newKey();
  const call = (name: string) =>
    core.dispatch(context, 'knowledge.planes.register', { params: plane(name), idempotencyKey }).then(
      (result) => ({ name, result }),
      (error: unknown) => ({ name, error }),
    );
  const calls = Array.from({ length: 100 }, (_, index) => call(index % 2 === 0 ? 'race a' : 'race b'));
  const answers = await Promise.all(calls);
  const successes = answers.flatMap((answer) => ('result' in answer ? [answer] : []));
  const winner = successes[0]?.name;
  expect(new Set(successes.map(({ result }) => JSON.stringify(result))).size).toBe(1);
  expect(successes.every(({ name }) => name === winner)).toBe(true);
  for (const answer of answers) {
    if ('error' in answer) expect(answer.error).toMatchObject({ code: 'conflict' });
  }
  expect((await core.owner.query(`select 1 from knowledge_planes where name like 'race _'`)).rows).toHaveLength(1);
  expect(await call(winner ?? '')).toEqual(successes[0]);
});

test('nothing of another tenant can be read or written, nor anything without a tenant', async () => {
  const { planeId } = await core.dispatch(core.as('admin'), 'knowledge.planes.register', {
    params: plane('mine'),
    idempotencyKey: newKey(),
  });
  const foreign = core.dispatch(core.as('admin', 1), 'knowledge.planes.transition', {
    params: { planeId, action: 'verify_knowledge_plane' },
    idempotencyKey: newKey(),
  });
  expect(await refusalOf(foreign)).toMatchObject({ code: 'resource_not_found', reason: 'PLANE_NOT_FOUND' });
  expect(await core.db.selectFrom('knowledge_planes').select('plane_id').execute()).toEqual([]);
});

test('the outbox row is there with the commit, is delivered once, and waits while the port fails', async () => {
  const before = core.delivered.length;
  const { planeId } = await core.dispatch(core.as('admin'), 'knowledge.planes.register', {
    params: { ...plane('boxed'), onboard: true },
    idempotencyKey: newKey(),
  });
  await Promise.all([core.relay.deliver(), core.relay.deliver()]);
  expect(
    core.delivered.slice(before).filter(({ payload }) => 'planeId' in payload && payload.planeId === planeId),
  ).toHaveLength(1);
  expect(await core.relay.deliver()).toBe(0);
});
