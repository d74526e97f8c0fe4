import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from 'pg';
import type { Copier } from './copier';

const control = 'global/pg_control';

/** What belongs to the running server and not to its data; the folders themselves must be there. */
const left = [
  /^(pg_wal|pg_replslot|pg_dynshmem|pg_notify|pg_serial|pg_snapshots|pg_stat_tmp|pg_subtrans)\/./,
  /^(postmaster\.(pid|opts)|backup_label.*|tablespace_map.*)$/,
  /(^|\/)(pgsql_tmp.*|pg_internal\.init.*)$/,
];

export interface BaseBackupOptions {
  readonly dataDir: string;
  readonly copier: Copier;
  /** A superuser's session on the server. */
  readonly client: Client;
  /** Done before the end, which is the moment whose state the copy has. */
  beforeEnd(): Promise<void>;
}

/**
 * Copies the files of the running server between `pg_backup_start` and `pg_backup_stop`, with the log that makes them
 * one state: what `pg_basebackup` does. The embedded server comes without it, and without `pg_dump`. Roles, their
 * passwords, row-level security and every byte of the evidence are in it without anybody having to list them.
 */
export async function baseBackup({ dataDir, copier, client, beforeEnd }: BaseBackupOptions): Promise<void> {
  // A slot of this session keeps the log that a checkpoint would otherwise recycle; it ends with the session.
  await client.query(`select pg_create_physical_replication_slot('aos_backup_' || pg_backend_pid(), true, true)`);
  const start = await ask<{ segment: string }>(client, `select pg_walfile_name(pg_backup_start('aos', true)) segment`);
  const leaveOut = (file: string) => file === control || left.some((pattern) => pattern.test(file));
  await copier.copyFolder('postgres', { leaveOut });
  await copier.copyFile(`postgres/${control}`);
  await beforeEnd();
  const end = await ask<{ segment: string; labelfile: string }>(
    client,
    'select pg_walfile_name(lsn) segment, labelfile from pg_backup_stop(false)',
  );
  await copier.write('postgres/backup_label', end.labelfile);
  for (const name of await readdir(path.join(dataDir, 'postgres/pg_wal'))) {
    const isNeeded = /^[0-9A-F]{24}$/.test(name) && name >= start.segment && name <= end.segment;
    if (isNeeded) await copier.copyFile(`postgres/pg_wal/${name}`);
  }
  await copier.copyFolder('postgres/pg_wal/archive_status', { leaveOut: () => true });
}

async function ask<T>(client: Client, query: string): Promise<T> {
  const { rows } = await client.query(query);
  return rows[0] as T;
}
