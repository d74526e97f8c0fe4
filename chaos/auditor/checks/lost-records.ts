import { answeredOf, isSuccess, judge } from '../calls';
import type { Check, Finder, Material } from '../check';
import { owners } from '../subjects';

/** I1: what was acknowledged is there, with its record. */
export const lostRecords: Check = {
  invariant: 'I1',
  promise: 'no acknowledged write is lost, and each has its audit event',
  async run(material, look) {
    await idsAreThere(material, look);
    await everyKeyHasItsEvent(material, look);
  },
};

// Every id that an answer named belongs to a row.
async function idsAreThere({ sql, ledger }: Material, look: Finder): Promise<void> {
  const named = new Map<string, Set<string>>();
  for (const line of answeredOf(ledger).filter(isSuccess)) {
    for (const [name, id] of Object.entries(line.answer.ids)) {
      if (owners[name] !== undefined && id !== '') named.set(name, (named.get(name) ?? new Set()).add(id));
    }
  }
  for (const [name, ids] of named) {
    const { table = '', key = '' } = owners[name] ?? {};
    look.examined += ids.size;
    const { rows } = await sql.query<{ id: string }>(
      `select w.id from unnest($1::text[]) as w (id) where not exists (select from ${table} t where t.${key}::text = w.id)`,
      [[...ids]],
    );
    for (const { id } of rows) look.found('acknowledged-row-missing', { [name]: id, table });
  }
}

interface Wanted {
  readonly tenantId: string;
  readonly action: string;
  readonly subject: string;
  readonly eventType: string | null;
  readonly keys: Set<string>;
}

// As many keys as were answered with success, so many transactions of that action on that subject have left an event.
async function everyKeyHasItsEvent({ sql, ledger }: Material, look: Finder): Promise<void> {
  const wanted = new Map<string, Wanted>();
  const passedBy = new Set<string>();
  for (const line of answeredOf(ledger).filter(isSuccess)) {
    const { call, answer } = line;
    if (call.method === 'GET') continue;
    const judged = judge(call, answer.ids);
    if (judged === undefined) {
      passedBy.add(`${call.method} ${call.path.replaceAll(/[0-9a-f]{8,}/g, '…')}`);
      continue;
    }
    const { action, subject, eventType = null } = judged;
    const name = JSON.stringify([call.tenantId, action, subject]);
    const entry = wanted.get(name) ?? { tenantId: call.tenantId, action, subject, eventType, keys: new Set() };
    entry.keys.add(call.idempotencyKey ?? call.callId);
    wanted.set(name, entry);
  }
  look.examined += wanted.size;
  for (const each of passedBy) look.notJudged.push(`no rule knows the events of ${each}`);
  for (const { tenantId, action, subject, eventType, keys } of wanted.values()) {
    const { rows } = await sql.query<{ n: number }>(
      `select count(distinct xact_id::text)::int as n from audit_events
      where tenant_id = $1 and action = $2 and case when $4::text is null then outcome <> 'blocked' else event_type = $4 end
        and $3 in (plane_id, resource_id)`,
      [tenantId, action, subject, eventType],
    );
    const events = rows[0]?.n ?? 0;
    if (events < keys.size) {
      look.found('acknowledged-without-event', {
        tenant_id: tenantId,
        action,
        subject,
        acknowledged: keys.size,
        events,
      });
    }
  }
}
