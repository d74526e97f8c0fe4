import type { LedgerSwitch } from '../../ledger';
import type { Check, Finder, Material } from '../check';
import { fencedActions } from '../fenced-actions';
import { actions, refusedBy, scopeOf, windowsOf, type Window } from './switch-windows';

/**
 * I3: what `pg_current_snapshot()` at the acknowledgement of a throw does not show, and the one before the release does,
 * was committed while the switch was on. That is decided by transaction ids, not by a clock.
 */
export const killedCommits: Check = {
  invariant: 'I3',
  promise: 'after a kill is acknowledged nothing fenced commits in its scope; after a stop or pause nothing begins',
  async run(material, look) {
    const { windows, unknown } = windowsOf(material.ledger);
    for (const each of unknown) look.notJudged.push(each);
    for (const window of windows) {
      look.examined += 1;
      await eventsIn(material, look, window);
      await intentsIn(material, look, window);
      if (window.thrown.kind === 'kill') await jobsThatWentOn(material, look, window);
    }
  },
};

const jobActions = actions.filter((action) => fencedActions[action]?.job === true);

// A job whose pause was over its time may have been let pass it.
const notLetPass = `not exists (select from knowledge_jobs j where j.job_id = e.job_id
  and (j.passed_pauses->>$6::text)::bigint = $7::bigint)`;

async function eventsIn(material: Material, look: Finder, { thrown, until }: Window): Promise<void> {
  const { kind, scope_type: type, scope_id: id, switch_id: switchId, epoch, snapshot } = thrown;
  const scope = scopeOf(thrown);
  if (scope === undefined) {
    look.notJudged.push(`${kind} ${switchId}: nothing of AOS stands in the scope ${type} yet`);
    return;
  }
  await look.rows(material, {
    rule: kind === 'kill' ? 'committed-under-kill' : 'begun-under-switch',
    query: `select $8::text as kind, $6::text as switch_id, $7::int as epoch, e.event_id, e.tenant_id, e.action
      from audit_events e
      where e.xact_id >= pg_snapshot_xmin($3::pg_snapshot) and not pg_visible_in_snapshot(e.xact_id, $3::pg_snapshot)
        and ($4::text is null or pg_visible_in_snapshot(e.xact_id, $4::pg_snapshot))
        and e.outcome <> 'blocked' and e.action = any($5::text[]) and ${scope}
        and ${kind === 'pause' ? notLetPass : 'true'} order by e.ordinal`,
    values: [id, thrown.tenant_id, snapshot, until, refusedBy(kind), switchId, epoch, kind],
  });
}

// A call that was taken on may be sent in a degraded scope; a retrieval begins with its intent.
const stoppedIntents: Readonly<Record<LedgerSwitch['kind'], string>> = {
  kill: 'true',
  stop: `(e.subject like 'retrieval:%' or e.subject like 'tool:%')`,
  pause: `(e.subject like 'retrieval:%' or e.subject like 'tool:%')`,
  degraded: `e.subject like 'retrieval:%'`,
};

// Intents have no event. Their transaction id is that of the row, widened by the server's present one. A snapshot tells
// of transactions that have ended; the looking one may be ahead of them.
async function intentsIn(material: Material, look: Finder, { thrown, until }: Window): Promise<void> {
  const { kind, scope_id: id, switch_id: switchId, epoch, snapshot } = thrown;
  const scope = scopeOfIntents(thrown);
  if (scope === undefined) return;
  await look.rows(material, {
    rule: kind === 'kill' ? 'intent-opened-under-kill' : 'intent-opened-under-switch',
    query: `with now as (select greatest(pg_snapshot_xmax(pg_current_snapshot())::text::numeric,
          pg_current_xact_id_if_assigned()::text::numeric) as id),
        widened as (select i.*, floor(now.id / 4294967296) * 4294967296 + i.xmin::text::numeric as at, now.id as now
          from effect_intents i, now),
        e as (select *, case when at > now then at - 4294967296 else at end as xact from widened)
      select $7::text as kind, $5::text as switch_id, $6::int as epoch, e.intent_id, e.tenant_id from e
      where e.xact >= pg_snapshot_xmax($3::pg_snapshot)::text::numeric
        and ($4::text is null or e.xact < pg_snapshot_xmin($4::pg_snapshot)::text::numeric)
        and ${stoppedIntents[kind]} and ${scope}`,
    values: [id, thrown.tenant_id, snapshot, until, switchId, epoch, kind],
  });
}

function scopeOfIntents(thrown: LedgerSwitch): string | undefined {
  const calls = `($2::text is null or e.tenant_id = $2) and e.subject like 'tool:%'`;
  switch (thrown.scope_type) {
    case 'global':
    case 'tenant':
      return scopeOf(thrown);
    case 'server':
      return `${calls} and exists (select from mcp_tool_calls c where 'tool:' || c.invocation_id = e.subject and c.server_id = $1)`;
    case 'capability':
      return thrown.scope_id === 'tools.call' ? `${calls} and $1::text is not null` : undefined;
    default:
      return undefined;
  }
}

// A job that had begun before the kill does nothing more, not even after the release.
async function jobsThatWentOn(material: Material, look: Finder, { thrown }: Window): Promise<void> {
  const scope = scopeOf(thrown);
  if (scope === undefined || thrown.scope_type === 'capability') return;
  await look.rows(material, {
    rule: 'killed-job-went-on',
    query: `select $5::text as switch_id, $6::int as epoch, e.job_id, e.event_id, e.tenant_id, e.action from audit_events e
      join knowledge_jobs j on j.job_id = e.job_id
      where e.xact_id >= pg_snapshot_xmin($3::pg_snapshot) and not pg_visible_in_snapshot(e.xact_id, $3::pg_snapshot)
        and e.outcome <> 'blocked' and e.action = any($4::text[]) and ${scope}
        and j.started_at is not null and coalesce((j.seen_epochs->>$5)::int, 0) < $6 order by e.ordinal`,
    values: [thrown.scope_id, thrown.tenant_id, thrown.snapshot, jobActions, thrown.switch_id, thrown.epoch],
  });
}
