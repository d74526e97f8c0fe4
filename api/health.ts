import { sql } from 'kysely';
import type { Dispatcher } from 'undici';
import type { Engine } from '../client/engine';
import type { Database } from '../operations/transaction/database';
import {
  checkEgress,
  checkEmbedder,
  checkKeyFile,
  checkMigrations,
  checkOutbox,
  checkPartitions,
  checkRoles,
  checkRowSecurity,
  checkSealing,
  checkTriggers,
  type Check,
  type CheckedEmbedder,
} from './boot-checks';
import { look, type ComponentHealth, type HealthReport } from './look';

export type { ComponentHealth, HealthReport } from './look';

export interface HealthDependencies {
  readonly db: Database;
  readonly systemDb: Database;
  readonly engine: Pick<Engine, 'checkHealth' | 'pollers'>;
  readonly stores: Readonly<Record<string, { checkHealth(): Promise<void> }>>;
  readonly embedder: CheckedEmbedder;
  readonly egress: Dispatcher;
  readonly masterKeyFile: string;
  /** Age of an event without a leaf from which on sealing counts as unwell. */
  readonly sealLagSecondsMax: number;
  /** Migrations that this version was built with, oldest first. */
  readonly migrations: readonly string[];
  readonly timeoutMs?: number;
}

export interface Health {
  /** For everybody, so it is asked at most once a second and does not say what a component answered. */
  ready(): Promise<HealthReport>;
  bootStatus(): Promise<HealthReport>;
  /** What keeps this process from governed work: without these parts no promise of the engine holds. */
  guard(): Promise<HealthReport>;
}

const readyKeptMs = 1_000;
const passedKeptMs = 5_000;

export function createHealth(dependencies: HealthDependencies): Health {
  const { db, systemDb, engine, stores, migrations, timeoutMs = 3_000 } = dependencies;
  const parts: Readonly<Record<string, Check>> = {
    database: async () => void (await sql`select 1`.execute(db)),
    migrations: () => checkMigrations(systemDb, migrations),
    namespace: () => engine.checkHealth(),
    workers: () => checkPollers(engine),
  };
  const guarded: typeof parts = {
    roles: () => checkRoles(dependencies),
    migrations: () => checkMigrations(systemDb, migrations),
    audit_triggers: () => checkTriggers(systemDb),
    row_security: () => checkRowSecurity(systemDb),
    egress_guard: () => checkEgress(dependencies.egress),
    master_key: () => checkKeyFile(dependencies.masterKeyFile),
  };
  const bootParts: typeof parts = {
    ...parts,
    ...guarded,
    audit_partitions: () => checkPartitions(systemDb),
    outbox: () => checkOutbox(systemDb),
    sealing: () => checkSealing(systemDb, dependencies.sealLagSecondsMax),
    embedder: checkEmbedder(dependencies.embedder),
    ...Object.fromEntries(Object.entries(stores).map(([name, store]) => [name, () => store.checkHealth()])),
  };
  const readyReport = kept(
    () => look(parts, timeoutMs),
    () => readyKeptMs,
  );
  // A database that is away, or too busy to answer, says nothing about its guards: what was seen last holds, and at
  // first nothing was.
  let verdict: HealthReport = { ready: false, components: { boot: { healthy: false, message: 'not looked at yet' } } };
  const guardReport = kept(
    async () => {
      const { silent, components } = await look({ database: bare(parts.database), ...guarded }, timeoutMs);
      const { database = sick, ...seen } = components;
      const ready = Object.values(seen).every(({ healthy }) => healthy);
      const hasAnswered = database.healthy && silent.length === 0;
      if (hasAnswered || verdict.components.boot !== undefined) verdict = { ready, components: seen };
      return verdict;
    },
    ({ ready }) => (ready ? passedKeptMs : readyKeptMs),
  );
  return {
    async ready() {
      const { ready, components } = await readyReport();
      const names = Object.entries(components).map(([name, { healthy }]) => [name, { healthy }] as const);
      return { ready, components: Object.fromEntries(names) };
    },
    async bootStatus() {
      const [{ ready, components }, switches] = await Promise.all([
        look(bootParts, timeoutMs),
        warnOfSwitches(systemDb),
      ]);
      return { ready, components: { ...components, ...(switches !== undefined && { switches }) } };
    },
    guard: guardReport,
  };
}

const sick: ComponentHealth = { healthy: false };
const bare = (check: Check | undefined): Check => check ?? (() => Promise.resolve());

/** Reads anew when what was read is too old; whoever asks meanwhile is answered with the latest. */
function kept<T>(read: () => Promise<T>, keptMs: (value: T) => number): () => Promise<T> {
  let latest: { readonly value: T; readonly until: number } | undefined;
  let reading: Promise<T> | undefined;
  const readAnew = () => {
    reading ??= read()
      .then((value) => {
        latest = { value, until: Date.now() + keptMs(value) };
        return value;
      })
      .finally(() => (reading = undefined));
    return reading;
  };
  return async () => (latest === undefined || Date.now() > latest.until ? readAnew() : latest.value);
}

// An engaged kill switch is somebody's will, not a fault. Only those that count for everybody: a tenant's are its own.
async function warnOfSwitches(db: Database): Promise<ComponentHealth | undefined> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from runtime_switches where enabled and kind = 'kill' and tenant_id is null`
    .execute(db)
    .catch(() => ({ rows: [] }));
  const [engaged] = rows;
  if (engaged === undefined) return undefined;
  return {
    healthy: true,
    ...(engaged.n > 0 && { message: `warning: kill switches that are engaged for everybody: ${engaged.n}` }),
  };
}

async function checkPollers(engine: Pick<Engine, 'pollers'>): Promise<void> {
  const silent = Object.entries(await engine.pollers())
    .filter(([, isPolled]) => !isPolled)
    .map(([queue]) => queue);
  if (silent.length > 0) throw new Error(`no worker polls ${silent.join(', ')}`);
}
