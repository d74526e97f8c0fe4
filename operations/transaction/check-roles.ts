import { sql } from 'kysely';
import type { Database } from './database';

/** Refuses a database or a role that would make the guarantees void. Throws one sentence that names the setting. */
export async function checkDatabase(
  db: Database,
  { setting, bypassesRls }: { setting: string; bypassesRls: boolean },
): Promise<void> {
  const { rows } = await sql<{ version: number; super: boolean; bypass: boolean }>`
    select current_setting('server_version_num')::int as version, rolsuper as super, rolbypassrls as bypass
    from pg_roles where rolname = current_user`.execute(db);
  const [role] = rows;
  if (role === undefined || role.version < 170_000) {
    throw new Error(`${setting} must name a Postgres of version 17 or later, which can bound a transaction's time.`);
  }
  if (role.super) throw new Error(`${setting} must not name a superuser, whom row-level security does not bind.`);
  if (role.bypass && !bypassesRls) throw new Error(`${setting} must name a role without BYPASSRLS.`);
  if (!role.bypass && bypassesRls) throw new Error(`${setting} must name a role with BYPASSRLS, such as aos_system.`);
}
