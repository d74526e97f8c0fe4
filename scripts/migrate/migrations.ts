import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from 'pg';
import { projectRoot } from '../../config';

export interface Migration {
  readonly name: string;
  readonly checksum: string;
}

/** What this database went through. */
export async function appliedMigrations(client: Client): Promise<Migration[]> {
  const { rows: tables } = await client.query<{ found: boolean }>(
    `select to_regclass('_prisma_migrations') is not null as found`,
  );
  if (tables[0]?.found !== true) return [];
  const { rows } = await client.query<Migration>(
    `select migration_name as name, checksum from _prisma_migrations
      where finished_at is not null and rolled_back_at is null order by migration_name`,
  );
  return rows;
}

/** What this version of AOS brings a database to. */
export async function knownMigrations(): Promise<Migration[]> {
  const folder = path.join(projectRoot(), 'prisma/migrations');
  const entries = await readdir(folder, { withFileTypes: true });
  return Promise.all(
    entries
      .filter((entry) => entry.isDirectory())
      .map(async ({ name }) => {
        const sql = await readFile(path.join(folder, name, 'migration.sql'));
        return { name, checksum: createHash('sha256').update(sql).digest('hex') };
      }),
  );
}
