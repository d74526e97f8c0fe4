import Table from 'cli-table3';
import { faultTitles, type FaultId } from './faults/catalogue';
import { describe, type Planned } from './faults/schedule';
import type { LedgerLine } from './ledger';
import type { ChaosOptions } from './options';
import type { Death } from './stack/kept';

export type Report = ReturnType<typeof createReport>;

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** What a run was and did, and what was wrong; said at its beginning and its end. */
export function createReport({ seed, faults, minutes }: ChaosOptions) {
  const counts = new Map<string, number>();
  const injected: [FaultId, string, string][] = [];
  const skipped: [FaultId, string][] = [];
  const violations: [string, string][] = [];
  const verdicts: { verdict: number | string; right: 0 | 1 }[] = [];
  const add = (what: string, by: number) => void counts.set(what, (counts.get(what) ?? 0) + by);
  say(`seed ${seed}, ${minutes} minutes, faults ${faults.join(',') || 'none'}`);

  return {
    plan(plan: readonly Planned[]) {
      for (const { atMs, fault, injection } of plan) {
        say(`  planned at ${(atMs / 1000).toFixed(1)} s: ${fault} ${describe(injection)}`);
      }
    },
    count: (what: string) => add(what, 1),
    counted: add,
    skip: (fault: FaultId, reason: string) => void skipped.push([fault, reason]),
    fault: (fault: FaultId, what: string, outcome: string) => void injected.push([fault, what, outcome]),
    violation(invariant: string, what: string) {
      violations.push([invariant, what]);
      say(JSON.stringify({ invariant, what }));
    },
    ledger(lines: readonly LedgerLine[]) {
      for (const line of lines) {
        if (line.kind === 'sent') add('calls', 1);
        if (line.kind === 'unknown') add('calls without an answer', 1);
        if (line.kind === 'outage' && !line.isOver) add('times that Postgres was away', 1);
        if (line.kind === 'effect')
          add(line.sink === 'tool' ? 'calls that reached a tool' : `reads of ${line.sink}`, 1);
        if (line.kind === 'answered') add(`answers ${Math.floor(line.status / 100)}xx`, 1);
      }
    },
    /** A process that ended though nobody had it killed is told, not judged: its supervisor is there for that. */
    deaths(deaths: readonly Death[]) {
      for (const { name, how, isOurs } of deaths) add(`${name} ${isOurs ? 'killed' : 'ended by itself'} (${how})`, 1);
    },
    /** The auditor's exit code, or why it could not judge; 1 is right where tables were tampered with. */
    judged(verdict: number | string, right: 0 | 1) {
      verdicts.push({ verdict, right });
    },
    /** True when nothing was wrong. */
    end(): boolean {
      const rows = injected.map(([fault, ...rest]) => [`${fault} ${faultTitles[fault]}`, ...rest]);
      show(['fault', 'injected', 'outcome'], rows);
      if (skipped.length > 0) show(['skipped', 'reason'], skipped);
      const sorted = [...counts].toSorted(([one], [other]) => (one < other ? -1 : 1));
      show(
        ['count', 'n'],
        sorted.map(([what, n]) => [what, String(n)]),
      );
      show(
        ['verdict', ''],
        [
          ['seed', String(seed)],
          ['violations seen by the driver', String(violations.length)],
          ...verdicts.map(({ verdict, right }) => [
            right === 0 ? 'auditor' : 'auditor after tampering',
            `${verdict === 0 ? 'no violation' : verdict === 1 ? 'violations' : verdict}, ${verdict === right ? 'as it must be' : 'WRONG'}`,
          ]),
        ],
      );
      return violations.length === 0 && verdicts.every(({ verdict, right }) => verdict === right);
    },
  };
}

function show(head: string[], rows: readonly (readonly string[])[]): void {
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const row of rows) table.push([...row]);
  say(table.toString());
}
