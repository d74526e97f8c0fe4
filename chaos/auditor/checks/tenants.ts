import { answeredOf, isSuccess } from '../calls';
import type { Check, Finder, Material } from '../check';
import { owners } from '../subjects';

const platform = 'platform';

/** I6: no row points at another tenant's row, and no answer names one. */
export const tenants: Check = {
  invariant: 'I6',
  promise: 'no tenant reads or touches what belongs to another',
  async run(material, look) {
    await rowsPointHome(material, look);
    await answersNameOwn(material, look);
  },
};

interface Pointer {
  readonly table_name: string;
  readonly column_name: keyof typeof owners & string;
}

// A refused attempt records what it asked for: that is the evidence of the attempt, and no access.
const attempts: Readonly<Record<string, string>> = {
  audit_events: `t.outcome <> 'blocked'`,
  retrieval_evidence: `t.decision = 'allowed'`,
  credential_access_log: 't.success',
};

async function rowsPointHome(material: Material, look: Finder): Promise<void> {
  const { rows } = await material.sql.query<Pointer>(
    `select c.table_name, c.column_name from information_schema.columns c
      join information_schema.tables t using (table_schema, table_name)
      join information_schema.columns own on own.table_schema = c.table_schema and own.table_name = c.table_name
        and own.column_name = 'tenant_id'
      where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and c.column_name = any($1::text[])`,
    [Object.keys(owners)],
  );
  for (const { table_name: table, column_name: column } of rows) {
    const owner = owners[column];
    if (owner === undefined || (owner.table === table && owner.key === column)) continue;
    await look.rows(material, {
      rule: 'row-of-another-tenant',
      of: `${table} where ${column} is not null`,
      query: `select '${table}' as table, t.tenant_id, t.${column}::text as ${column}, o.tenant_id as belongs_to
        from ${table} t join ${owner.table} o on o.${owner.key}::text = t.${column}::text
        where o.tenant_id <> t.tenant_id and t.tenant_id <> '${platform}' and ${attempts[table] ?? 'true'}
        group by t.tenant_id, t.${column}, o.tenant_id`,
    });
  }
}

async function answersNameOwn({ sql, ledger }: Material, look: Finder): Promise<void> {
  const named = new Map<string, { tenantId: string; name: string; id: string; callId: string }>();
  for (const { call, answer } of answeredOf(ledger).filter(isSuccess)) {
    if (call.tenantId === platform) continue;
    for (const [name, id] of Object.entries(answer.ids)) {
      named.set(JSON.stringify([call.tenantId, name, id]), { tenantId: call.tenantId, name, id, callId: call.callId });
    }
  }
  look.examined += named.size;
  for (const { tenantId, name, id, callId } of named.values()) {
    if (name === 'tenant_id' && id !== tenantId) {
      look.found('answer-names-another-tenant', { tenant_id: tenantId, names: id, call_id: callId });
    }
    const owner = owners[name];
    if (owner === undefined) continue;
    const { rows } = await sql.query<{ tenant_id: string | null }>(
      `select tenant_id from ${owner.table} where ${owner.key}::text = $1 and tenant_id <> $2`,
      [id, tenantId],
    );
    for (const row of rows) {
      look.found('answer-names-row-of-another', {
        tenant_id: tenantId,
        [name]: id,
        belongs_to: row.tenant_id,
        call_id: callId,
      });
    }
  }
}
