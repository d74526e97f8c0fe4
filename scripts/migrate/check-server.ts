import { Client } from 'pg';
import { StartError } from '../stack/terminal';

const versionMin = 17;

/** Connects as the owner, and refuses a server or a role that cannot carry the schema. The caller ends the client. */
export async function connectOwner(ownerUrl: string): Promise<Client> {
  const client = new Client({ connectionString: ownerUrl, connectionTimeoutMillis: 10_000 });
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    const { host, pathname } = new URL(ownerUrl);
    throw new StartError(`The database of DATABASE_URL (${host}${pathname}) cannot be used: ${reason(error)}.`);
  }
  try {
    await checkVersion(client);
    await checkRights(client);
    return client;
  } catch (error) {
    await client.end();
    throw error;
  }
}

async function checkVersion(client: Client): Promise<void> {
  const { rows } = await client.query<{ server_version: string }>('show server_version');
  const version = rows[0]?.server_version ?? '';
  if (Number.parseInt(version, 10) < versionMin) {
    throw new StartError(`DATABASE_URL leads to Postgres ${version}, and AOS needs ${versionMin} or newer.`);
  }
}

// The functions that look keys up before a tenant is known run as the owner, and must see the rows of every tenant.
async function checkRights(client: Client): Promise<void> {
  const { rows } = await client.query<{ sees_all: boolean; may_create: boolean; existing: number }>(`
    select rolsuper or rolbypassrls as sees_all, rolsuper or rolcreaterole as may_create,
           (select count(*)::int from pg_roles where rolname in ('aos_app', 'aos_system', 'aos_auditor')) as existing
      from pg_roles where rolname = current_user`);
  const [rights] = rows;
  if (rights === undefined || (rights.sees_all && (rights.may_create || rights.existing === 3))) return;
  throw new StartError(
    'The role of DATABASE_URL must have BYPASSRLS, and CREATEROLE unless the roles aos_app, aos_system and aos_auditor exist already.',
  );
}

function reason(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string };
  return message || code || 'no answer';
}
