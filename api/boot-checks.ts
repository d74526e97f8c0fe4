import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { sql } from 'kysely';
import { request, type Dispatcher } from 'undici';
import { EngineError } from '../contracts/errors';
import { checkDatabase } from '../operations/transaction/check-roles';
import { readSealingState, sealingTrouble } from '../operations/sealing/sealing-state';
import type { Database } from '../operations/transaction/database';

/** Throws a sentence on what is wrong. */
export type Check = () => Promise<void>;

/** Every table with an `append_only` trigger, as the tests compare with the database. */
export const appendOnly = [
  ...['audit_events', 'audit_leaves', 'effect_intents', 'effect_outcomes', 'runtime_switch_history'],
  ...['knowledge_lifecycle_transitions', 'policy_snapshots', 'retrieval_evidence'],
  ...['audit_tiles', 'audit_checkpoints', 'audit_signing_keys', 'evidence_exports'],
  ...['credential_access_log', 'mcp_tool_approval_votes', 'mcp_tool_invocations'],
];

export async function checkRoles({ db, systemDb }: { db: Database; systemDb: Database }): Promise<void> {
  await checkDatabase(db, { setting: 'AOS_DATABASE_APP_URL', bypassesRls: false });
  await checkDatabase(systemDb, { setting: 'AOS_DATABASE_SYSTEM_URL', bypassesRls: true });
}

export async function checkMigrations(db: Database, wanted: readonly string[]): Promise<void> {
  const { rows } = await sql<{ name: string }>`select name from aos_applied_migrations()`.execute(db);
  const applied = new Set(rows.map(({ name }) => name));
  const missing = wanted.filter((name) => !applied.has(name));
  if (missing.length > 0) throw new Error(`not applied: ${missing.join(', ')}`);
}

/** Evidence, snapshots and history refuse change by trigger, whoever asks. */
export async function checkTriggers(db: Database): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_trigger t join pg_class c on c.oid = t.tgrelid
    where tgname = 'append_only' and tgenabled in ('O', 'A') and relnamespace = 'public'::regnamespace`.execute(db);
  const guarded = new Set(rows.map(({ name }) => name));
  const bare = appendOnly.filter((name) => !guarded.has(name));
  if (bare.length > 0) throw new Error(`not append-only: ${bare.join(', ')}`);
  // The triggers of a partitioned table do not stand before a partition that is named directly.
  const { rows: open } = await sql<{ name: string }>`
    select relname as name from pg_class c
    where relnamespace = 'audit_partitions'::regnamespace and relkind = 'r' and 2 > (
      select count(*) from pg_trigger t where t.tgrelid = c.oid and tgenabled in ('O', 'A')
        and tgname in ('append_only_rows', 'append_only_truncate'))`.execute(db);
  if (open.length > 0) throw new Error(`not append-only: ${open.map(({ name }) => name).join(', ')}`);
}

/** Every table with a tenant is behind row-level security, its owner included. */
export async function checkRowSecurity(db: Database): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not a.attisdropped
      and not (c.relrowsecurity and c.relforcerowsecurity
        and exists (select from pg_policy p where p.polrelid = c.oid))`.execute(db);
  if (rows.length > 0) throw new Error(`without row-level security: ${rows.map(({ name }) => name).join(', ')}`);
}

/** The months ahead have their partitions; rows in the default one are safe, but somebody must look. */
export async function checkPartitions(db: Database): Promise<void> {
  const { rows } = await sql<{ strayed: boolean; ahead: boolean }>`
    select exists (select from audit_events
        where tableoid = 'audit_partitions.audit_events_default'::regclass) as strayed,
      to_regclass('audit_partitions.audit_events_'
        || to_char((now() at time zone 'UTC') + interval '1 month', 'YYYY_MM')) is not null as ahead`.execute(db);
  if (rows[0]?.ahead !== true) throw new Error('the partition of the next month is missing');
  if (rows[0].strayed) throw new Error('the default audit partition holds rows');
}

export async function checkOutbox(db: Database): Promise<void> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from event_outbox
    where published_at is null and created_at < now() - interval '1 minute'`.execute(db);
  const late = rows[0]?.n ?? 0;
  if (late > 0) throw new Error(`${late} messages have waited for more than a minute`);
}

/** Evidence gets its leaves and checkpoints in time, and no tree was found changed. */
export async function checkSealing(db: Database, lagSecondsMax: number): Promise<void> {
  const trouble = sealingTrouble(await readSealingState(db), lagSecondsMax);
  if (trouble !== undefined) throw new Error(trouble);
}

// Nothing may ever listen there, and no operator has a reason to allow it.
const forbidden = 'http://[::1]:1';

/** The guard of what leaves over HTTP refuses an address of this machine. */
export async function checkEgress(egress: Dispatcher): Promise<void> {
  const error: unknown = await request(forbidden, { dispatcher: egress }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof EngineError) || error.code !== 'policy_violation') {
    throw new Error('a private address was not refused');
  }
}

export async function checkKeyFile(file: string): Promise<void> {
  await access(file, constants.R_OK).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`the master key file cannot be read: ${error.code ?? 'unknown'}`);
  });
}

export interface CheckedEmbedder {
  readonly dimension: number;
  embed(texts: readonly string[]): Promise<readonly { readonly length: number }[]>;
}

/** One text, once: a model does not change under a running process, and another's may cost money. */
export function checkEmbedder(embedder: CheckedEmbedder): Check {
  let isChecked = false;
  return async () => {
    if (isChecked) return;
    const [vector] = await embedder.embed(['ready']);
    if (vector?.length !== embedder.dimension) {
      throw new Error(`vectors have ${vector?.length ?? 0} numbers where ${embedder.dimension} are stored`);
    }
    isChecked = true;
  };
}
