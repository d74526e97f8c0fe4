import type { Client } from 'pg';
import type { LedgerLine } from '../ledger';
import type { HistoryFile } from './histories';

export const invariants = ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'I8', 'I9', 'I10', 'I11', 'I12'] as const;
export type Invariant = (typeof invariants)[number];

type Ids = Readonly<Record<string, string | number | boolean | null>>;

/** One thing that may not be, with the ids of what it is about. */
export interface Violation {
  readonly invariant: Invariant;
  readonly rule: string;
  readonly ids: Ids;
}

/** What is looked at. Whatever is absent was not handed over, and what needs it is told as not judged. */
export interface Material {
  /** In one transaction that sees every tenant. */
  readonly sql: Pick<Client, 'query'>;
  readonly ledger: readonly LedgerLine[];
  readonly histories: readonly HistoryFile[];
  /** Workflow bundles against which histories are replayed: those of the versions that were at work, the oldest first. */
  readonly bundleFiles: readonly string[];
  /** Texts that may occur nowhere. */
  readonly secrets: readonly string[];
  readonly logFiles: readonly string[];
  /** Signed checkpoints that were copied outside of the database. */
  readonly notes: readonly string[];
}

/** What a check has seen. Nothing examined means nothing shown, however clean it looks. */
export interface Look {
  examined: number;
  readonly violations: Violation[];
  readonly notJudged: string[];
}

export interface Check {
  readonly invariant: Invariant;
  readonly promise: string;
  run(material: Material, look: Finder): Promise<void>;
}

/** Collects what one check finds. */
export class Finder implements Look {
  examined = 0;
  readonly violations: Violation[] = [];
  readonly notJudged: string[] = [];

  constructor(private readonly invariant: Invariant) {}

  found(rule: string, ids: Ids): void {
    this.violations.push({ invariant: this.invariant, rule, ids });
  }

  /** Every row that the query answers is a violation, its columns are the ids. `of` counts what was looked at. */
  async rows(
    { sql }: Material,
    { rule, of, query, values = [] }: { rule: string; of?: string; query: string; values?: readonly unknown[] },
  ): Promise<void> {
    if (of !== undefined) {
      const { rows } = await sql.query<{ n: number }>(`select count(*)::int as n from ${of}`);
      this.examined += rows[0]?.n ?? 0;
    }
    const { rows } = await sql.query<Record<string, string | number | boolean | null>>(query, [...values]);
    for (const row of rows) this.found(rule, row);
  }
}
