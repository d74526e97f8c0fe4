import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { StartError } from '../stack/terminal';

/** The database of an installation: DATABASE_URL, or the one that its start has written down. */
export async function ownerUrlOf({ dataDir, databaseUrl }: { dataDir: string; databaseUrl: string | undefined }) {
  if (databaseUrl !== undefined) return databaseUrl;
  const file = path.join(dataDir, 'credentials.json');
  const text = await readFile(file, 'utf8').catch(() => {
    throw new StartError(`DATABASE_URL must be set: ${file} cannot be read.`);
  });
  return (JSON.parse(text) as { database_url: string }).database_url;
}

/** A session for as long as the work takes. */
export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000, application_name: 'aos-audit' });
  client.on('error', () => {});
  await client.connect().catch((error: Error) => {
    throw new StartError(`The database does not answer: ${error.message}. It must run.`);
  });
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
