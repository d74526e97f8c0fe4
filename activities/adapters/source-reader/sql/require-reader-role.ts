import type { Client } from 'pg';
import { refusal } from '../../../../contracts/errors';
import type { SqlFailure } from './sql-faults';

interface RoleFacts {
  readonly powers: string[];
  readonly writable: string | null;
}

// What a read-only transaction does not stop: files, programs and roles of the server.
const powerful = ['pg_write_all_data', 'pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files'];

/** Refuses a role that could do more than read, so that a hole in a template's functions leads nowhere. */
export async function requireReaderRole(
  client: Client,
  { failure, allowWritableRole }: { readonly failure: SqlFailure; readonly allowWritableRole: boolean },
): Promise<void> {
  const { rows } = await client.query<RoleFacts>(
    `select array_remove(array[
         case when r.rolsuper then 'superuser' end, case when r.rolcreaterole then 'createrole' end,
         case when r.rolcreatedb then 'createdb' end, case when r.rolreplication then 'replication' end]
         || array(select p.rolname::text from pg_roles p
           where p.rolname = any($1) and pg_has_role(current_user, p.oid, 'member')), null) as powers,
       (select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where c.relkind in ('r', 'p', 'v', 'f') and n.nspname not in ('pg_catalog', 'information_schema')
           and n.nspname not like 'pg\\_toast%' and has_schema_privilege(n.oid, 'usage')
           and (has_table_privilege(c.oid, 'insert, update, delete, truncate')
             or has_any_column_privilege(c.oid, 'insert, update'))
         limit 1) as writable
     from pg_roles r where r.rolname = current_user`,
    [powerful],
  );
  const { powers = [], writable = null } = rows[0] ?? {};
  if (powers.length > 0) {
    throw refusal(
      failure,
      `the role of the connection has powers of the server (${powers.join(', ')}): give it a reader`,
    );
  }
  if (writable !== null && !allowWritableRole) {
    throw refusal(
      failure,
      `the role of the connection may write (${writable} for one): give it a role that may only read, ` +
        'or let the operator allow it with allow_writable_role',
    );
  }
}
