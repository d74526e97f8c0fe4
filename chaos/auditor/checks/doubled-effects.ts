import { answeredOf, isSuccess, judge } from '../calls';
import type { Check, Finder, Material } from '../check';
import { reachedTools } from './reached-tools';

const doubled = (table: string, columns: string, where = 'true') =>
  `select ${columns}, count(*)::int as times from ${table} where ${where} group by ${columns} having count(*) > 1`;

/** I2: what was asked for once was done once. Keys are counted again here, because an index can be dropped. */
export const doubledEffects: Check = {
  invariant: 'I2',
  promise: 'no effect is doubled',
  async run(material, look) {
    const rows = (rule: string, of: string, query: string) => look.rows(material, { rule, of, query });
    await rows('two-first-outcomes', 'effect_outcomes', doubled('effect_outcomes', 'intent_id', 'first'));
    await rows('intent-twice', 'effect_intents', doubled('effect_intents', 'subject, phase'));
    await rows(
      'outcome-without-intent',
      'effect_outcomes',
      `select o.intent_id, o.id::text as outcome_id from effect_outcomes o
        where not exists (select from effect_intents i where i.intent_id = o.intent_id)`,
    );
    await rows(
      'two-jobs-at-once',
      'knowledge_jobs',
      doubled('knowledge_jobs', 'plane_id', `status in ('queued', 'running')`),
    );
    await rows(
      'job-completed-twice',
      `audit_events where event_type = 'LIFECYCLE_JOB_COMPLETED'`,
      doubled('audit_events', 'job_id', `event_type = 'LIFECYCLE_JOB_COMPLETED' and job_id is not null`),
    );
    await rows('document-twice', 'knowledge_documents', doubled('knowledge_documents', 'source_id, name'));
    await rows('index-run-twice', 'knowledge_index_runs', doubled('knowledge_index_runs', 'job_id'));
    await rows(
      'finding-twice',
      'knowledge_findings',
      doubled('knowledge_findings', 'document_id, version, kind, start_offset, end_offset'),
    );
    await rows('snapshot-version-twice', 'policy_snapshots', doubled('policy_snapshots', 'tenant_id, version'));
    await rows(
      'switch-changed-twice',
      'runtime_switch_history',
      doubled('runtime_switch_history', 'switch_id, epoch', 'current'),
    );
    await rows(
      'key-twice',
      'idempotency_records',
      doubled('idempotency_records', 'tenant_id, actor_id, operation, key'),
    );
    await rows('call-twice', 'mcp_tool_calls', doubled('mcp_tool_calls', 'workflow_id'));
    await rows('call-ended-twice', 'mcp_tool_invocations', doubled('mcp_tool_invocations', 'invocation_id', 'first'));
    sinkEffectsOnce(material, look);
    await reachedTools(material, look);
    await noMoreEventsThanKeys(material, look);
  },
};

function sinkEffectsOnce({ ledger }: Material, look: Finder): void {
  const times = new Map<string, number>();
  for (const line of ledger) {
    if (line.kind !== 'effect' || line.mayRepeat) continue;
    look.examined += 1;
    const name = JSON.stringify([line.sink, line.key]);
    times.set(name, (times.get(name) ?? 0) + 1);
  }
  for (const [name, count] of times) {
    const [sink = '', key = ''] = JSON.parse(name) as string[];
    if (count > 1) look.found('effect-reached-twice', { sink, key, times: count });
  }
}

// What the load itself has made is touched by the load alone, so events beyond its keys were done twice.
async function noMoreEventsThanKeys({ sql, ledger }: Material, look: Finder): Promise<void> {
  const made = new Set<string>();
  for (const line of answeredOf(ledger).filter(isSuccess)) {
    const judged = judge(line.call, line.answer.ids);
    if (judged?.isCreation === true) made.add(judged.subject);
  }
  const sent = new Map<string, { tenantId: string; action: string; subject: string; keys: Set<string> }>();
  for (const line of ledger) {
    if (!('call' in line) || line.call.method === 'GET') continue;
    const judged = judge(line.call, line.kind === 'answered' ? line.answer.ids : {});
    if (judged === undefined || !made.has(judged.subject)) continue;
    const { action, subject } = judged;
    const name = JSON.stringify([line.call.tenantId, action, subject]);
    const entry = sent.get(name) ?? { tenantId: line.call.tenantId, action, subject, keys: new Set() };
    entry.keys.add(line.call.idempotencyKey ?? line.call.callId);
    sent.set(name, entry);
  }
  look.examined += sent.size;
  for (const { tenantId, action, subject, keys } of sent.values()) {
    const { rows } = await sql.query<{ n: number }>(
      `select count(distinct xact_id::text)::int as n from audit_events
      where tenant_id = $1 and action = $2 and outcome <> 'blocked' and actor_type <> 'system' and $3 in (plane_id, resource_id)`,
      [tenantId, action, subject],
    );
    const events = rows[0]?.n ?? 0;
    if (events > keys.size)
      look.found('done-more-often-than-asked', { tenant_id: tenantId, action, subject, asked: keys.size, events });
  }
}
