import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import type { SqlConnection } from '../../contracts/sql-connections';
import { runSql, withDatabase } from './sql';

export interface SourceDatabase {
  /** Of the server's superuser, for arranging and looking. */
  readonly admin: Client;
  readonly reader: SqlConnection;
  readonly writer: SqlConnection;
  readonly superuser: SqlConnection;
  /** The sessions of readers that are open here. */
  sessions(): Promise<{ pid: number; state: string; query: string }[]>;
  drop(): Promise<void>;
}

/** A database as a customer would have it, with a role that reads and one that may write. */
export async function createSourceDatabase(schema: string): Promise<SourceDatabase> {
  const adminUrl = process.env.TEST_POSTGRES_ADMIN_URL ?? '';
  const name = `s_${randomUUID().replaceAll('-', '').slice(0, 20)}`;
  const [reader, writer] = [`${name}_reader`, `${name}_writer`];
  await runSql(adminUrl, `create database ${name}`);
  const admin = new Client({ connectionString: withDatabase(adminUrl, name) });
  await admin.connect();
  await admin.query(schema);
  await admin.query(`
    create role ${reader} login password '${password}'; create role ${writer} login password '${password}';
    grant select on all tables in schema public to ${reader}, ${writer};
    grant insert, update, delete, truncate on all tables in schema public to ${writer};
    grant usage on all sequences in schema public to ${writer}`);
  const { hostname, port, username, password: adminPassword } = new URL(adminUrl);
  const as = (user: string, secret: string): SqlConnection => ({
    ...{ host: hostname, port: Number(port), database: name, user, password: secret },
    passwordFile: undefined,
    ssl: false,
    tenants: '*',
    allowWritableRole: false,
  });
  return {
    admin,
    reader: as(reader, password),
    writer: { ...as(writer, password), allowWritableRole: true },
    superuser: as(username, adminPassword),
    async sessions() {
      const { rows } = await admin.query<{ pid: number; state: string; query: string }>(
        `select pid, state, query from pg_stat_activity where datname = current_database() and application_name = 'aos-source'`,
      );
      return rows;
    },
    async drop() {
      await admin.end();
      await runSql(adminUrl, `drop database ${name} with (force)`);
      await runSql(adminUrl, `drop role ${reader}`);
      await runSql(adminUrl, `drop role ${writer}`);
    },
  };
}

/** Of the roles of the source; looked for where no secret may be. */
export const password = 'pw-canary-4417';
