import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { freezeContext, type ExecutionContext } from '../contracts/execution-context';
import { catalogue } from '../operations/catalogue';
import { createDispatch } from '../operations/registry';
import { createDatabase } from '../operations/transaction/database';
import { PreparingClient } from '../operations/transaction/preparing-client';
import { insertsOnly, nextCall, plainStatements } from './operation/bare';
import { costOfParts, type TimedCall } from './operation/parts';
import { watchQueries } from './operation/watch-queries';
import { startBenchPostgres } from './support/postgres';
import { report } from './support/report';
import { median, spread, summary } from './support/statistics';

const warmUps = 50;
const rounds = 400;
const ratioMax = 2;
const tables = [
  'knowledge_planes',
  'knowledge_sources',
  'knowledge_jobs',
  'knowledge_lifecycle_transitions',
  'audit_events',
  'event_outbox',
  'idempotency_records',
];

/** Registering a plane that onboards: five tables of its own, two events, one message. */
async function main(): Promise<void> {
  const queries = watchQueries();
  const postgres = await startBenchPostgres();
  const open = { connectionsMax: 1, url: postgres.appUrl };
  const db = createDatabase({ ...open, applicationName: 'bench' });
  const switchDb = createDatabase({ ...open, applicationName: 'bench-switch' });
  const bare = new Client({ connectionString: postgres.ownerUrl });
  const preparing = new PreparingClient({ connectionString: postgres.ownerUrl });
  try {
    await Promise.all([bare.connect(), preparing.connect()]);
    const dispatch = createDispatch({ catalogue, db, switchDb, operatorDb: switchDb, onCommitted: () => {} });
    const context = await adminContext(bare);
    const govern = (token = randomBytes(6).toString('hex')) => {
      const request = { params: definition(`bench ${token}`), idempotencyKey: `key-${token}` };
      return () => dispatch(context, 'knowledge.planes.register', request);
    };

    const before = await countRows(bare);
    const token = '0123456789ab';
    let planeId = '';
    const recorded = await queries.record(async () => ({ planeId } = await govern(token)()));
    const between = await countRows(bare);
    const plain = await plainStatements(bare, recorded, { planeId, idempotencyKey: `key-${token}` });
    const inserts = insertsOnly(plain);
    await nextCall(bare, plain)();
    const after = await countRows(bare);
    const rows = between.map((count, index) => count - (before[index] ?? 0));
    const isSame = rows.every((count, index) => count > 0 && count === (after[index] ?? 0) - (between[index] ?? 0));
    report({ bench: 'operation', cell: 'same rows', ok: isSame, tables, rows });
    if (!isSame) return;

    for (let warmUp = 0; warmUp < warmUps; warmUp += 1) {
      const calls = [govern(), nextCall(bare, plain), nextCall(preparing, plain), nextCall(bare, inserts)];
      for (const call of calls) await call();
    }
    // As autovacuum does after a while: without statistics the server guesses, and scans where it need not.
    await bare.query('analyze');
    const governed: number[] = [];
    const plainMs: number[] = [];
    const preparedMs: number[] = [];
    const insertMs: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      governed.push(await timed(govern()));
      plainMs.push(await timed(nextCall(bare, plain)));
      preparedMs.push(await timed(nextCall(preparing, plain)));
      insertMs.push(await timed(nextCall(bare, inserts)));
    }
    const ratio = median(governed) / median(plainMs);
    report({
      bench: 'operation',
      cell: 'against the same SQL',
      ok: ratio <= ratioMax,
      ratio,
      goal: ratioMax,
      governed_ms: summary(governed),
      bare_ms: summary(plainMs),
      spread: { governed: spread(governed), bare: spread(plainMs) },
      statements: { governed: recorded.length, bare: plain.length + 2 },
    });
    report({
      bench: 'operation',
      cell: 'against the same SQL, prepared as ours is',
      ratio: median(governed) / median(preparedMs),
      bare_ms: summary(preparedMs),
    });
    report({
      bench: 'operation',
      cell: 'against the inserts alone',
      ratio: median(governed) / median(insertMs),
      bare_ms: summary(insertMs),
      statements: inserts.length + 2,
    });
    const calls: TimedCall[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const call = govern();
      const beganMs = performance.now();
      const statements = await queries.record(call);
      calls.push({ beganMs, endedMs: performance.now(), statements });
    }
    report({ bench: 'operation', cell: 'cost of each part', ...costOfParts(calls) });
  } finally {
    await Promise.all([db.destroy(), switchDb.destroy(), bare.end(), preparing.end()]);
    await postgres.stop();
  }
}

const definition = (name: string) => ({
  name,
  plane_type: 'private' as const,
  unreadable_tolerance: 0.1,
  onboard: true,
  sources: [{ source_type: 'upload' as const, name: 'uploads', config: {} }],
});

async function timed(call: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now();
  await call();
  return performance.now() - beganMs;
}

async function countRows(client: Client): Promise<number[]> {
  const counts = tables.map((table) => `(select count(*) from ${table})::int`);
  const { rows } = await client.query<{ counts: number[] }>(`select array[${counts.join(', ')}] as counts`);
  return rows[0]?.counts ?? [];
}

async function adminContext(client: Client): Promise<ExecutionContext> {
  const { rows } = await client.query<{ tenant_id: string; identity: string }>(
    `select tenant_id, identity from iam_grants where role = 'admin' order by granted_at limit 1`,
  );
  const [admin] = rows;
  if (admin === undefined) throw new Error('There is no administrator.');
  return freezeContext({
    tenantId: admin.tenant_id,
    actor: { id: admin.identity, type: 'machine', keyId: admin.identity },
    requestId: 'req-bench',
    traceId: randomBytes(16).toString('hex'),
    runId: 'req-bench',
    source: 'sdk',
  });
}

void main();
