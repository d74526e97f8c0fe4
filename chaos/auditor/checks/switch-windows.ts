import type { LedgerLine, LedgerSwitch } from '../../ledger';
import { fencedActions } from '../fenced-actions';

/** From the acknowledgement of a throw to the moment before its release was sent. */
export interface Window {
  readonly thrown: LedgerSwitch & { readonly snapshot: string };
  /** Null while it was never released. */
  readonly until: string | null;
}

export function windowsOf(ledger: readonly LedgerLine[]): { windows: Window[]; unknown: string[] } {
  const windows: Window[] = [];
  const unknown: string[] = [];
  const seen = new Set<string>();
  for (const [index, line] of ledger.entries()) {
    if (line.kind !== 'answered' || line.acknowledgedSwitch?.enabled !== true) continue;
    const { snapshot, ...thrown } = line.acknowledgedSwitch;
    const name = `${thrown.switch_id} epoch ${thrown.epoch}`;
    if (snapshot === undefined) {
      unknown.push(`${thrown.kind} ${name}: no snapshot at its acknowledgement`);
      continue;
    }
    if (seen.has(name)) continue;
    seen.add(name);
    const release = ledger.slice(index + 1).find((later) => releasedBy(later) === thrown.switch_id);
    const until = release?.kind === 'sent' ? release.releasing?.snapshot : null;
    if (until === undefined) unknown.push(`${thrown.kind} ${name}: no snapshot before its release`);
    else windows.push({ thrown: { ...thrown, snapshot }, until });
  }
  return { windows, unknown };
}

const releasedBy = (line: LedgerLine) => (line.kind === 'sent' ? line.releasing?.switch_id : undefined);

export const actions = Object.keys(fencedActions);

/** What a switch of that kind refuses: a kill all that is fenced, the others only what begins something. */
export function refusedBy(kind: LedgerSwitch['kind']): readonly string[] {
  return actions.filter((action) => {
    const begins = fencedActions[action]?.begins;
    return kind === 'kill' || begins === 'work' || (begins === 'step' && kind !== 'degraded');
  });
}

/** Of the events `e` those in the scope of the switch; `$1` is its scope's id, `$2` its tenant. */
export function scopeOf({ scope_type: type, scope_id: id }: LedgerSwitch): string | undefined {
  const own = '($2::text is null or e.tenant_id = $2)';
  switch (type) {
    case 'global':
      return `${own} and $1::text is not null`;
    case 'tenant':
      return `e.tenant_id = coalesce(nullif($1::text, ''), $2)`;
    case 'plane':
      return `${own} and e.plane_id = $1`;
    case 'server':
      // A vote on a call may be cast: what it lets go on is refused at its start.
      return `${own} and e.evidence->>'server_id' = $1 and e.action <> 'tools.approvals.decide'`;
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
