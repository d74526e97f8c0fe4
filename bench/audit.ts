import { fork } from 'node:child_process';
import { once } from 'node:events';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sql } from 'kysely';
import { readSealingState } from '../operations/sealing/sealing-state';
import { createDatabase, type Database } from '../operations/transaction/database';
import { appendPlain, appendSealed, contextOf, type Append } from './audit/append';
import { ownProcessorSeconds, processorSeconds } from './support/cpu';
import { startBenchPostgres } from './support/postgres';
import { report } from './support/report';
import { median, quantile, spread } from './support/statistics';

const writers = 8;
const tenantIds = Array.from({ length: 16 }, (_, at) => `bench-${at}`);
/** Long enough that the wait for the last batch, which is a lag and no rate, does not count for much. */
const roundMs = 10_000;
const rounds = 3;
const lagMs = 15_000;
const ratioMin = 0.7;
const lagSecondsMax = 1;

/** Appending evidence, sealed end to end, against the same transactions without bytes, hash and sealing. */
async function main(): Promise<void> {
  const postgres = await startBenchPostgres();
  const folder = await mkdtemp(path.join(tmpdir(), 'aos-bench-seal-'));
  const keyFile = path.join(folder, 'signing.pem');
  await writeFile(keyFile, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const db = createDatabase({ url: postgres.ownerUrl, connectionsMax: writers, applicationName: 'bench' });
  const systemDb = createDatabase({ url: postgres.systemUrl, connectionsMax: 1, applicationName: 'bench-look' });
  const env = { ...process.env, BENCH_SYSTEM_URL: postgres.systemUrl, BENCH_KEY_FILE: keyFile };
  const sealer = fork(path.join(__dirname, 'audit/sealer.ts'), { env, execArgv: process.execArgv });
  try {
    await once(sealer, 'message');
    for (const events of [1, 10, 500]) {
      const sealed: Measured[] = [];
      const plain: Measured[] = [];
      const once = (append: Append, untilSealed: boolean) => rate({ db, systemDb, append, events, untilSealed });
      await once(appendSealed, true);
      for (let round = 0; round < rounds; round += 1) {
        plain.push(await withoutSealer(sealer.pid ?? 0, db, () => once(appendPlain, false)));
        sealed.push(await once(appendSealed, true));
      }
      const rates = [sealed, plain].map((rounds) => rounds.map(({ eventsPerSecond }) => eventsPerSecond));
      const [rateSealed = NaN, ratePlain = NaN] = rates.map(median);
      const ratio = rateSealed / ratePlain;
      const processor = [sealed, plain].map((rounds) => median(rounds.map(({ processorUs }) => processorUs)));
      report({
        ...{ bench: 'audit', cell: `${events} a transaction`, ok: ratio >= ratioMin, ratio },
        ...{ sealed: rateSealed, plain: ratePlain, spreads: rates.map(spread), processor_us_per_event: processor },
      });
      const lags = await lagsAt({ db, systemDb, events, eventsPerSecond: rateSealed / 2 });
      const p99 = quantile(lags.seconds, 0.99);
      report({
        ...{ bench: 'audit', cell: `lag at half of it, ${events} a transaction`, ok: p99 <= lagSecondsMax },
        ...{ p50: median(lags.seconds), p99, samples: lags.seconds.length, reached: lags.rate },
      });
    }
  } finally {
    sealer.kill('SIGTERM');
    await Promise.all([db.destroy(), systemDb.destroy()]);
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Round {
  readonly db: Database;
  readonly systemDb: Database;
  readonly append: Append;
  readonly events: number;
  readonly untilSealed: boolean;
}

interface Measured {
  readonly eventsPerSecond: number;
  /** Of the writers, Postgres and the sealer together, for one event. */
  readonly processorUs: number;
}

/** Eight writers, until the last event is committed, or sealed. */
async function rate({ db, systemDb, append, events, untilSealed }: Round): Promise<Measured> {
  const usedBefore = processorSecondsOfAll();
  const began = performance.now();
  let count = 0;
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      for (let turn = writer; performance.now() - began < roundMs; turn += writers) {
        await append(db, contextOf(tenantIds[turn % tenantIds.length] ?? ''), events);
        count += events;
      }
    }),
  );
  while (untilSealed && (await readSealingState(systemDb)).unsealed > 0) await pause(20);
  const eventsPerSecond = (count * 1_000) / (performance.now() - began);
  return { eventsPerSecond, processorUs: ((processorSecondsOfAll() - usedBefore) * 1e6) / count };
}

function processorSecondsOfAll(): number {
  return [...processorSeconds().values()].reduce((sum, seconds) => sum + seconds, ownProcessorSeconds());
}

/** What is not measured does not run: the sealer is halted, and what the plain side wrote is put beyond its mark. */
async function withoutSealer<T>(pid: number, db: Database, work: () => Promise<T>): Promise<T> {
  process.kill(pid, 'SIGSTOP');
  try {
    return await work();
  } finally {
    await sql`update audit_sealing set mark_xact = pg_current_xact_id(), mark_set_back = mark_set_back + 1,
      floor_ordinal = (select last_value from audit_events_ordinal_seq)`.execute(db);
    process.kill(pid, 'SIGCONT');
  }
}

/** Appends at a given rate and looks, every 20 ms, how old the oldest event without a leaf is. */
async function lagsAt(input: { db: Database; systemDb: Database; events: number; eventsPerSecond: number }) {
  const { db, systemDb, events, eventsPerSecond } = input;
  const intervalMs = (events * 1_000) / eventsPerSecond;
  const seconds: number[] = [];
  const began = performance.now();
  let count = 0;
  let isOver = false;
  const looking = (async () => {
    while (!isOver) {
      seconds.push((await readSealingState(systemDb)).lagSeconds);
      await pause(20);
    }
  })();
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      for (let turn = writer; ; turn += writers) {
        const dueMs = began + turn * intervalMs;
        if (dueMs - began > lagMs) return;
        await pause(dueMs - performance.now());
        await appendSealed(db, contextOf(tenantIds[turn % tenantIds.length] ?? ''), events);
        count += events;
      }
    }),
  );
  isOver = true;
  await looking;
  return { seconds, rate: (count * 1_000) / (performance.now() - began) };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

void main();
