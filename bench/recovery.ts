import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { planeWorkflowId } from '../contracts/workflow-ids';
import { childPid } from './support/cpu';
import { newTenant, type BenchTenant } from './support/planes';
import { report } from './support/report';
import { startBenchStack, type BenchStack } from './support/stack';

const jobs = Number(process.env.BENCH_JOBS ?? 500);
const killedAfterJobs = Math.floor(jobs / 5);
const atOnce = 16;
const slackMax = 1.2;
// The engine gives work of a dead worker to another when its time is up: 15 s of a quick activity, the longest here;
// long ones are missed after 10 s without a heartbeat, workflow tasks after 10 s.
const floorMs = 15_000;

interface Round {
  readonly tenant: BenchTenant;
  readonly planeIds: readonly string[];
}

/** The same ingest jobs twice, all in flight at once: undisturbed, and with `kill -9` of the only worker on the way. */
async function main(): Promise<void> {
  const place = await mkdtemp(path.join(tmpdir(), 'aos-recovery-'));
  await writeFile(path.join(place, 'note.md'), '# Note\n\nThe heron rests beside the harbour.\n');
  const stack = await startBenchStack({ fileRoots: [place] });
  try {
    const rounds = [await prepare(stack, place), await prepare(stack, place)] as const;
    const free = await ingestAll(stack, rounds[0]);
    const crashed = await ingestAll(stack, rounds[1], () => process.kill(childPid('worker.js'), 'SIGKILL'));
    const doubled = await countDoubled(stack, rounds[1]);
    report({
      bench: 'recovery',
      cell: 'effects after the kill',
      ok: doubled.jobs === 0 && doubled.missing === 0,
      ...{ jobs, in_flight_at_kill: crashed.inFlightAtKill, doubled_effects: doubled.jobs, missing: doubled.missing },
      duplicates_attempted: await countAttempts(stack, rounds[1]),
      duplicates_attempted_without_kill: await countAttempts(stack, rounds[0]),
    });
    const limitMs = (free.wallMs + floorMs) * slackMax;
    report({
      bench: 'recovery',
      cell: 'wall time',
      ok: crashed.wallMs <= limitMs,
      ...{ crash_free_ms: free.wallMs, crashed_ms: crashed.wallMs, floor_ms: floorMs, limit_ms: limitMs },
      ratio: crashed.wallMs / (free.wallMs + floorMs),
      goal: slackMax,
    });
  } finally {
    await stack.stop();
    await rm(place, { recursive: true, force: true });
  }
}

/** A tenant whose planes are verified and wait for their ingestion. */
async function prepare(stack: BenchStack, place: string): Promise<Round> {
  const tenant = await newTenant(stack, 'Recovery');
  const numbers = Array.from({ length: jobs }, (_, index) => index);
  const planeIds = await each(numbers, async (index) => {
    const sources = [{ source_type: 'file', name: 'files', config: { path: place } }];
    const body = { name: `plane ${index}`, sources };
    return (await stack.call<{ plane_id: string }>(tenant.adminKey, 'POST', '/planes', body)).plane_id;
  });
  const round = { tenant, planeIds };
  await ask(stack, round, 'verify_knowledge_plane');
  await untilEnded(stack, round, { kind: 'verify_connectivity', count: jobs });
  return round;
}

async function ingestAll(stack: BenchStack, round: Round, kill?: () => void) {
  const beganMs = Date.now();
  const asked = ask(stack, round, 'ingest_knowledge_plane');
  let inFlightAtKill = 0;
  if (kill !== undefined) {
    await asked;
    await untilEnded(stack, round, { kind: 'ingest_data', count: killedAfterJobs });
    kill();
    inFlightAtKill = jobs - (await countEnded(stack, round, 'ingest_data'));
  }
  await asked;
  await untilEnded(stack, round, { kind: 'ingest_data', count: jobs });
  return { wallMs: Date.now() - beganMs, inFlightAtKill };
}

function ask({ call }: BenchStack, { tenant, planeIds }: Round, action: string): Promise<unknown> {
  return each(planeIds, (planeId) =>
    call(tenant.adminKey, 'POST', `/lifecycle/${planeId}/transition`, { action, reason: 'bench' }),
  );
}

async function untilEnded(stack: BenchStack, round: Round, { kind, count }: { kind: string; count: number }) {
  while ((await countEnded(stack, round, kind)) < count) await sleep(100);
}

async function countEnded({ owner }: BenchStack, { tenant }: Round, kind: string): Promise<number> {
  const { rows } = await owner.query<{ n: number; bad: number }>(
    `select count(*) filter (where status = 'completed')::int as n,
        count(*) filter (where status in ('failed', 'killed', 'cancelled'))::int as bad
      from knowledge_jobs where tenant_id = $1 and kind = $2`,
    [tenant.tenantId, kind],
  );
  if ((rows[0]?.bad ?? 0) > 0) throw new Error(`${rows[0]?.bad} jobs ended otherwise than completed`);
  return rows[0]?.n ?? 0;
}

/** Jobs whose end, and planes whose only document, are told more than once, or not at all. */
async function countDoubled({ owner }: BenchStack, { tenant }: Round): Promise<{ jobs: number; missing: number }> {
  const { rows } = await owner.query<{ doubled: number; missing: number }>(
    `with ends as (select j.job_id, (select count(*) from audit_events e where e.job_id = j.job_id
          and e.event_type = 'LIFECYCLE_JOB_COMPLETED' and e.outcome <> 'skipped') as n
        from knowledge_jobs j where j.tenant_id = $1 and j.kind = 'ingest_data'),
      documents as (select p.plane_id, (select count(*) from knowledge_documents d where d.plane_id = p.plane_id) as n
        from knowledge_planes p where p.tenant_id = $1),
      told as (select n from ends union all select n from documents)
    select count(*) filter (where n > 1)::int as doubled, count(*) filter (where n = 0)::int as missing from told`,
    [tenant.tenantId],
  );
  return { jobs: rows[0]?.doubled ?? NaN, missing: rows[0]?.missing ?? NaN };
}

/** Activities of these planes that ran again: attempts beyond the first, by the histories. */
async function countAttempts({ credentials }: BenchStack, { tenant, planeIds }: Round): Promise<number> {
  const connection = await Connection.connect({ address: credentials.temporal_address });
  const { workflow } = new Client({ connection });
  try {
    const counts = await each(planeIds, async (planeId) => {
      const { events } = await workflow.getHandle(planeWorkflowId(tenant.tenantId, planeId)).fetchHistory();
      const attempts = (events ?? []).map(({ activityTaskStartedEventAttributes: started }) => started?.attempt ?? 1);
      return attempts.reduce((sum, attempt) => sum + attempt - 1, 0);
    });
    return counts.reduce((sum, count) => sum + count, 0);
  } finally {
    await connection.close();
  }
}

/** A few at a time, in order. */
async function each<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const entries = items.entries();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const [index, item] of entries) results[index] = await work(item);
    }),
  );
  return results;
}

void main();
