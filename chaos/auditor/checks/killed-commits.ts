import type { LedgerSwitch, LedgerLine } from '../../ledger';
import type { Check, Finder, Material } from '../check';
import { fencedActions } from '../fenced-actions';

/** From the acknowledgement of a kill to the moment before its release was sent. */
interface Window {
  readonly thrown: LedgerSwitch & { readonly snapshot: string };
  /** Null while it was never released. */
  readonly until: string | null;
}

/**
 * I3: what `pg_current_snapshot()` at the acknowledgement does not show, and the one before the release does, was
 * committed while the kill was on. That is decided by transaction ids, not by a clock.
 */
export const killedCommits: Check = {
  invariant: 'I3',
  promise: 'after the acknowledgement of a kill nothing fenced commits in its scope',
  async run(material, look) {
    const { windows, unknown } = windowsOf(material.ledger);
    for (const each of unknown) look.notJudged.push(each);
    for (const window of windows) {
      look.examined += 1;
      await eventsIn(material, look, window);
      await intentsIn(material, look, window);
      await jobsThatWentOn(material, look, window);
    }
  },
};

function windowsOf(ledger: readonly LedgerLine[]): { windows: Window[]; unknown: string[] } {
  const windows: Window[] = [];
  const unknown: string[] = [];
  const seen = new Set<string>();
  for (const [index, line] of ledger.entries()) {
    if (line.kind !== 'answered' || line.acknowledgedSwitch?.kind !== 'kill' || !line.acknowledgedSwitch.enabled)
      continue;
    const { snapshot, ...thrown } = line.acknowledgedSwitch;
    const name = `${thrown.switch_id} epoch ${thrown.epoch}`;
    if (snapshot === undefined) {
      unknown.push(`kill ${name}: no snapshot at its acknowledgement`);
      continue;
    }
    if (seen.has(name)) continue;
    seen.add(name);
    const release = ledger.slice(index + 1).find((later) => releasedBy(later) === thrown.switch_id);
    const until = release?.kind === 'sent' ? release.releasing?.snapshot : null;
    if (until === undefined) unknown.push(`kill ${name}: no snapshot before its release`);
    else windows.push({ thrown: { ...thrown, snapshot }, until });
  }
  return { windows, unknown };
}

const releasedBy = (line: LedgerLine) => (line.kind === 'sent' ? line.releasing?.switch_id : undefined);

const actions = Object.keys(fencedActions);
const jobActions = actions.filter((action) => fencedActions[action]?.job === true);

/** Of the events `e` those in the scope of the switch; `$1` is its scope's id, `$2` its tenant. */
function scopeOf({ scope_type: type, scope_id: id }: LedgerSwitch): string | undefined {
  const own = '($2::text is null or e.tenant_id = $2)';
  switch (type) {
    case 'global':
      return `${own} and $1::text is not null`;
    case 'tenant':
      return `e.tenant_id = coalesce(nullif($1::text, ''), $2)`;
    case 'plane':
      return `${own} and e.plane_id = $1`;
    case 'run':
      return `${own} and $1 in (e.run_id, e.job_id)`;
    case 'capability': {
      const named = actions.filter((action) => fencedActions[action]?.capabilities.includes(id));
      const stage = `e.action = 'knowledge.jobs.begin_stage' and 'lifecycle.' || (e.evidence->>'stage') = $1`;
      return `${own} and (e.action in (${named.map((each) => `'${each}'`).join(', ') || 'null'}) or (${stage}))`;
    }
    default:
      return undefined;
  }
}

async function eventsIn(material: Material, look: Finder, { thrown, until }: Window): Promise<void> {
  const scope = scopeOf(thrown);
  if (scope === undefined) {
    look.notJudged.push(`kill ${thrown.switch_id}: nothing of AOS stands in the scope ${thrown.scope_type} yet`);
    return;
  }
  await look.rows(material, {
    rule: 'committed-under-kill',
    query: `select $6::text as switch_id, $7::int as epoch, e.event_id, e.tenant_id, e.action from audit_events e
      where e.xact_id >= pg_snapshot_xmin($3::pg_snapshot) and not pg_visible_in_snapshot(e.xact_id, $3::pg_snapshot)
        and ($4::text is null or pg_visible_in_snapshot(e.xact_id, $4::pg_snapshot))
        and e.outcome <> 'blocked' and e.action = any($5::text[]) and ${scope} order by e.ordinal`,
    values: [thrown.scope_id, thrown.tenant_id, thrown.snapshot, until, actions, thrown.switch_id, thrown.epoch],
  });
}

// Intents have no event. Their transaction id is that of the row, widened by the server's present one.
async function intentsIn(material: Material, look: Finder, { thrown, until }: Window): Promise<void> {
  if (thrown.scope_type !== 'global' && thrown.scope_type !== 'tenant') return;
  await look.rows(material, {
    rule: 'intent-opened-under-kill',
    query: `with now as (select pg_snapshot_xmax(pg_current_snapshot())::text::numeric as id),
        widened as (select i.*, floor(now.id / 4294967296) * 4294967296 + i.xmin::text::numeric as at, now.id as now
          from effect_intents i, now),
        e as (select *, case when at > now then at - 4294967296 else at end as xact from widened)
      select $5::text as switch_id, $6::int as epoch, e.intent_id, e.tenant_id from e
      where e.xact >= pg_snapshot_xmax($3::pg_snapshot)::text::numeric
        and ($4::text is null or e.xact < pg_snapshot_xmin($4::pg_snapshot)::text::numeric)
        and ${scopeOf(thrown)}
`,
    values: [thrown.scope_id, thrown.tenant_id, thrown.snapshot, until, thrown.switch_id, thrown.epoch],
  });
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
