import path from 'node:path';
import { Client } from 'pg';
import { writePrivate } from '../../scripts/stack/files';
import type { PlantedSecrets } from '../secrets';

const database = 'articles';
const reader = 'articles_reader';
const articles = 60;

/**
 * A customer's database with a role that reads, and the file that names the connections to it: one by its URL, and one
 * whose password is wrong. Answers where the file lies.
 */
export async function makeSourceDatabase(
  { adminUrl, folder }: { adminUrl: string; folder: string },
  { sqlPassword, wrongSqlPassword }: PlantedSecrets,
): Promise<string> {
  await asAdmin(adminUrl, `create database ${database}`);
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  await asAdmin(
    url.href,
    `create table articles (id int primary key, body text not null);
     insert into articles select n, 'The heron met article ' || n || ' beside the harbour.' from generate_series(1, ${articles}) n;
     create role ${reader} login password '${sqlPassword}';
     grant select on articles to ${reader}`,
  );
  const file = path.join(folder, 'sql-connections.json');
  const parts = { host: url.hostname, port: Number(url.port), database, user: reader, tenants: '*' };
  const connections = {
    articles: { url: `postgresql://${reader}:${sqlPassword}@${url.host}/${database}`, tenants: '*' },
    refused: { ...parts, password: wrongSqlPassword },
  };
  await writePrivate(file, JSON.stringify(connections));
  return file;
}

async function asAdmin(adminUrl: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
