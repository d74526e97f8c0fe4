import { sql } from 'kysely';
import type { QueueStats } from '../client/queue-stats';
import { readSealingState } from '../operations/sealing/sealing-state';
import type { Database } from '../operations/transaction/database';
import { gauge, type Metrics } from './metrics';

export interface InstallationDependencies {
  /** Of the system role: these are figures of the installation, not of a tenant. */
  readonly db: Database;
  readonly readQueues: () => Promise<readonly QueueStats[]>;
}

/** What is true of the whole installation: the same from every API process, so ask for one of them, or the highest. */
export function collectInstallation(metrics: Metrics, { db, readQueues }: InstallationDependencies): void {
  collectOutbox(metrics, db);
  collectSealing(metrics, db);
  collectSwitches(metrics, db);
  collectJobs(metrics, db);
  collectQueues(metrics, readQueues);
}

/** The boot status, component by component. */
export function collectComponents(metrics: Metrics, health: { bootStatus(): Promise<ComponentReport> }): void {
  const healthy = gauge(metrics.registry, 'aos_component_healthy', 'Whether the component is well', ['component']);
  metrics.collect(
    'components',
    async () => {
      const { components } = await health.bootStatus();
      for (const [component, seen] of Object.entries(components)) healthy.set({ component }, seen.healthy ? 1 : 0);
    },
    () => healthy.reset(),
  );
}

interface ComponentReport {
  readonly components: Readonly<Record<string, { readonly healthy: boolean }>>;
}

function collectOutbox(metrics: Metrics, db: Database): void {
  const waiting = gauge(metrics.registry, 'aos_outbox_unpublished', 'Messages that were not delivered yet');
  const age = gauge(metrics.registry, 'aos_outbox_oldest_age_seconds', 'Age of the oldest of them; 0 when none waits');
  const forget = () => [waiting, age].forEach((each) => each.reset());
  metrics.collect(
    'outbox',
    async () => {
      const { rows } = await sql<{ n: number; age: number }>`
        select count(*)::int as n, coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as age
        from event_outbox where published_at is null`.execute(db);
      waiting.set(rows[0]?.n ?? 0);
      age.set(Math.max(0, rows[0]?.age ?? 0));
    },
    forget,
  );
}

function collectSealing({ registry, ...metrics }: Metrics, db: Database): void {
  const unsealed = gauge(
    registry,
    'aos_unsealed_events',
    'Committed events without a leaf, a hundred thousand at most',
  );
  const lag = gauge(registry, 'aos_seal_lag_seconds', 'Age of the oldest of them; 0 when there is none');
  const halted = gauge(registry, 'aos_sealing_halted_trees', 'Trees of evidence that were found changed');
  const stopped = gauge(registry, 'aos_sealing_stopped', '1 while the sealer has no key that it may sign with');
  const uncopied = gauge(registry, 'aos_checkpoints_uncopied', 'Checkpoints that were not copied outside yet', [
    'target',
  ]);
  metrics.collect(
    'sealing',
    async () => {
      const state = await readSealingState(db);
      unsealed.set(state.unsealed);
      lag.set(Math.max(0, state.lagSeconds));
      halted.set(state.halted);
      stopped.set(state.trouble === null ? 0 : 1);
      const { rows } = await sql<{ target: string; n: number }>`
        select target, (select count(*)::int from audit_checkpoints where seq > last_seq) as n
        from audit_checkpoint_copies`.execute(db);
      for (const { target, n } of rows) uncopied.set({ target }, n);
    },
    () => [unsealed, lag, halted, stopped, uncopied].forEach((each) => each.reset()),
  );
}

function collectSwitches(metrics: Metrics, db: Database): void {
  const engaged = gauge(metrics.registry, 'aos_switches_engaged', 'Switches that are on', ['kind', 'scope']);
  metrics.collect(
    'switches',
    async () => {
      const { rows } = await sql<{ kind: string; scope: string; n: number }>`
        select kind, scope_type as scope, count(*) filter (where enabled)::int as n
        from runtime_switches group by 1, 2`.execute(db);
      engaged.reset();
      engaged.set({ kind: 'kill', scope: 'global' }, 0);
      for (const { kind, scope, n } of rows) engaged.set({ kind, scope }, n);
    },
    () => engaged.reset(),
  );
}

const jobStates = ['queued', 'running', 'completed', 'failed', 'killed', 'cancelled'];

function collectJobs(metrics: Metrics, db: Database): void {
  const jobs = gauge(metrics.registry, 'aos_jobs', 'Jobs of knowledge planes by state', ['status']);
  metrics.collect(
    'jobs',
    async () => {
      const { rows } = await sql<{ status: string; n: number }>`
        select status, count(*)::int as n from knowledge_jobs group by 1`.execute(db);
      jobs.reset();
      for (const status of jobStates) jobs.set({ status }, 0);
      for (const { status, n } of rows) jobs.set({ status }, n);
    },
    () => jobs.reset(),
  );
}

function collectQueues({ registry, ...metrics }: Metrics, readQueues: () => Promise<readonly QueueStats[]>): void {
  const labels = ['queue', 'type'] as const;
  const backlog = gauge(registry, 'aos_task_queue_backlog_tasks', 'Tasks that no worker has taken yet', labels);
  const age = gauge(registry, 'aos_task_queue_backlog_age_seconds', 'Age of the oldest of them', labels);
  const pollers = gauge(registry, 'aos_task_queue_pollers', 'Workers that poll the queue', labels);
  const forget = () => [backlog, age, pollers].forEach((each) => each.reset());
  metrics.collect(
    'task_queues',
    async () => {
      const stats = await readQueues();
      forget();
      for (const { queue, type, ...seen } of stats) {
        backlog.set({ queue, type }, seen.backlog);
        age.set({ queue, type }, seen.backlogAgeSeconds);
        pollers.set({ queue, type }, seen.pollers);
      }
    },
    forget,
  );
}
