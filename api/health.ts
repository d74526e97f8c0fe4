import { sql } from 'kysely';
import type { Engine } from '../client/engine';
import type { Database } from '../operations/transaction/database';

export interface ComponentHealth {
  readonly healthy: boolean;
  readonly message?: string;
}

export interface HealthReport {
  readonly ready: boolean;
  readonly components: Record<string, ComponentHealth>;
}

export interface HealthDependencies {
  readonly db: Database;
  readonly systemDb: Database;
  readonly engine: Pick<Engine, 'checkHealth' | 'pollers'>;
  readonly stores: Readonly<Record<string, { checkHealth(): Promise<void> }>>;
  /** Migrations that this version was built with, oldest first. */
  readonly migrations: readonly string[];
  readonly timeoutMs?: number;
}

const triggersMin = 8;
const readyKeptMs = 1_000;

/** Looks at every part for real. A part that does not answer in time is unhealthy, and none is taken on trust. */
export function createHealth({ db, systemDb, engine, stores, migrations, timeoutMs = 3_000 }: HealthDependencies) {
  const parts: Readonly<Record<string, () => Promise<void>>> = {
    database: async () => void (await sql`select 1`.execute(db)),
    migrations: () => checkMigrations(systemDb, migrations),
    namespace: () => engine.checkHealth(),
    workers: () => checkPollers(engine),
  };
  const bootParts: typeof parts = {
    ...parts,
    audit_triggers: () => checkTriggers(systemDb),
    audit_partitions: () => checkPartitions(systemDb),
    outbox: () => checkOutbox(systemDb),
    ...Object.fromEntries(Object.entries(stores).map(([name, store]) => [name, () => store.checkHealth()])),
  };
  let latest: { readonly at: number; readonly report: Promise<HealthReport> } | undefined;
  return {
    /** For everybody, so it is asked at most once a second and does not say what a component answered. */
    async ready(): Promise<HealthReport> {
      if (latest === undefined || Date.now() - latest.at > readyKeptMs) {
        latest = { at: Date.now(), report: look(parts, timeoutMs) };
      }
      const { ready, components } = await latest.report;
      const names = Object.entries(components).map(([name, { healthy }]) => [name, { healthy }] as const);
      return { ready, components: Object.fromEntries(names) };
    },
    bootStatus: () => look(bootParts, timeoutMs),
  };
}

async function look(parts: Readonly<Record<string, () => Promise<void>>>, timeoutMs: number): Promise<HealthReport> {
  const entries = await Promise.all(
    Object.entries(parts).map(async ([name, check]) => [name, await inTime(check, timeoutMs)] as const),
  );
  return { ready: entries.every(([, { healthy }]) => healthy), components: Object.fromEntries(entries) };
}

async function inTime(check: () => Promise<void>, timeoutMs: number): Promise<ComponentHealth> {
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    });
    await Promise.race([check(), late]);
    return { healthy: true };
  } catch (error) {
    return { healthy: false, message: error instanceof Error ? error.message : 'unknown' };
  } finally {
    clearTimeout(timer);
  }
}

async function checkMigrations(db: Database, wanted: readonly string[]): Promise<void> {
  const { rows } = await sql<{ name: string }>`select name from aos_applied_migrations()`.execute(db);
  const applied = new Set(rows.map(({ name }) => name));
  const missing = wanted.filter((name) => !applied.has(name));
  if (missing.length > 0) throw new Error(`not applied: ${missing.join(', ')}`);
}

async function checkPollers(engine: Pick<Engine, 'pollers'>): Promise<void> {
  const silent = Object.entries(await engine.pollers())
    .filter(([, isPolled]) => !isPolled)
    .map(([queue]) => queue);
  if (silent.length > 0) throw new Error(`no worker polls ${silent.join(', ')}`);
}

async function checkTriggers(db: Database): Promise<void> {
  const { rows } = await sql<{ n: number }>`
    select count(distinct tgrelid)::int as n from pg_trigger where tgname = 'append_only' and tgenabled = 'O'`.execute(
    db,
  );
  const found = rows[0]?.n ?? 0;
  if (found < triggersMin) throw new Error(`only ${found} of ${triggersMin} append-only tables are guarded`);
}

// Rows land in the default partition when nobody made the month's own in time; they are safe, but somebody must look.
async function checkPartitions(db: Database): Promise<void> {
  const { rows } = await sql`
    select 1 from audit_events where tableoid = 'audit_partitions.audit_events_default'::regclass limit 1`.execute(db);
  if (rows.length > 0) throw new Error('the default audit partition holds rows');
}

async function checkOutbox(db: Database): Promise<void> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from event_outbox where published_at is null and created_at < now() - interval '1 minute'`.execute(
    db,
  );
  const late = rows[0]?.n ?? 0;
  if (late > 0) throw new Error(`${late} messages have waited for more than a minute`);
}
