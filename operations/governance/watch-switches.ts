import { sql } from 'kysely';
import { Client } from 'pg';
import { switchChannel, type SwitchNotice } from '../../contracts/switches';
import { repeat } from '../maintenance/repeat';
import type { Database } from '../transaction/database';

const pollMs = 1_000;
// Longer than the longest governed transaction: a change is stamped at its beginning and seen at its commit.
const overlapSeconds = 10;
const retryMs = 500;

export interface WatchOptions {
  /** A connection straight to the server; a transaction pooler would lose what it listens to. */
  readonly url: string;
  /** Of the system role: switches of all tenants. */
  readonly db: Database;
  readonly onChange: (notices: readonly SwitchNotice[]) => void;
  readonly onError: (error: unknown) => void;
}

export interface SwitchWatcher {
  /** Resolves when the first connection listens, or failed to. */
  readonly ready: Promise<void>;
  stop(): Promise<void>;
}

/**
 * Tells of every switch that changes, within milliseconds by notification, within a second by a poll when the
 * connection that listens is lost. A change may be told more than once.
 */
export function watchSwitches({ url, db, onChange, onError }: WatchOptions): SwitchWatcher {
  let stopped = false;
  let listening: Client | undefined;
  let retry: NodeJS.Timeout | undefined;

  async function listen(): Promise<void> {
    const client = new Client({ connectionString: url, application_name: 'aos-switch-watcher', keepAlive: true });
    const lost = (error?: unknown) => {
      if (listening !== client || stopped) return;
      listening = undefined;
      if (error !== undefined) onError(error);
      retry = setTimeout(() => void listen(), retryMs);
    };
    listening = client;
    client.on('error', lost);
    client.on('end', () => lost());
    client.on('notification', ({ payload }) => receive(payload));
    try {
      await client.connect();
      await client.query(`listen ${switchChannel}`);
    } catch (error) {
      await client.end().catch(() => {});
      lost(error);
    }
  }

  function receive(payload: string | undefined): void {
    try {
      onChange([JSON.parse(payload ?? '') as SwitchNotice]);
    } catch (error) {
      onError(error);
    }
  }

  let since = new Date(0);
  const polling = repeat(
    async () => {
      const { rows } = await sql<SwitchNotice & { now: Date; last_changed: Date | null }>`
        select r.switch_id as "switchId", r.kind, r.scope_type as "scopeType", coalesce(r.scope_id, '') as "scopeId",
          r.owner, r.enabled, r.epoch::float8 as epoch, r.tenant_id as "tenantId", t.now
        from (select now()) t left join runtime_switches r
          on r.last_changed > greatest(${since}::timestamptz, t.now - interval '1 hour') - ${overlapSeconds} * interval '1 second'`.execute(
        db,
      );
      since = rows[0]?.now ?? since;
      const changed = rows.filter(({ switchId }) => (switchId as string | null) !== null);
      if (changed.length > 0) onChange(changed);
    },
    { intervalMs: pollMs, onError },
  );

  return {
    ready: listen(),
    async stop() {
      stopped = true;
      clearTimeout(retry);
      await polling.stop();
      await listening?.end().catch(() => {});
    },
  };
}
