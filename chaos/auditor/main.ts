import { Client } from 'pg';
import { audit } from './audit';
import { readOptions } from './options';
import { render } from './report';

/** Exit code 0: nothing was found; 1: something was; 2: it could not be judged. */
async function main(): Promise<number> {
  const { databaseUrl, ...given } = readOptions(process.argv.slice(2));
  const client = new Client({ connectionString: databaseUrl, application_name: 'aos-chaos-auditor' });
  await client.connect();
  try {
    // One moment for all questions.
    await client.query('begin transaction isolation level repeatable read read only');
    await requireSight(client);
    const results = await audit({ ...given, sql: client });
    process.stdout.write(render(results));
    return results.some(({ violations }) => violations.length > 0) ? 1 : 0;
  } finally {
    await client.end();
  }
}

// Row-level security would show nothing, and nothing is always clean.
async function requireSight(client: Client): Promise<void> {
  const { rows } = await client.query<{ sees: boolean }>(
    'select rolsuper or rolbypassrls as sees from pg_roles where rolname = current_user',
  );
  if (rows[0]?.sees !== true) throw new Error('the role of --database-url does not see every tenant');
}

main().then(
  (code) => void (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`the auditor could not judge: ${(error as Error).stack}\n`);
    process.exitCode = 2;
  },
);
