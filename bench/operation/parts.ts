import { median } from '../support/statistics';
import type { Statement } from './watch-queries';

/** What a statement of a governed transaction is there for; the first match counts. */
const parts: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['begin', /^(?:start transaction|begin)/],
  ['tenant and grants', /aos_begin/],
  ['fence', /aos_fence/],
  ['claim', /aos_claim/],
  ['savepoint', /^savepoint/],
  ['facts', /^select "plane_id" from "knowledge_planes" where/],
  ['audit, outbox and result', /insert into "audit_events"/],
  ['commit', /^commit/],
  ['handler', /./],
];

export const partOf = ({ text }: Pick<Statement, 'text'>): string =>
  parts.find(([, pattern]) => pattern.test(text))?.[0] ?? '';

export interface TimedCall {
  readonly beganMs: number;
  readonly endedMs: number;
  readonly statements: readonly Statement[];
}

/**
 * Milliseconds of each part, medians over the calls: waiting for the server, and our own work before the statement
 * (building, canonical JSON and hashes included).
 */
export function costOfParts(calls: readonly TimedCall[]) {
  const names = [...parts.map(([name]) => name), 'after the commit'];
  const rows = calls.map(costsOf);
  return Object.fromEntries(
    names.map((name) => {
      const each = (pick: 'server' | 'own') => median(rows.map((row) => row.get(name)?.[pick] ?? 0));
      const statements = rows[0]?.get(name)?.statements ?? 0;
      return [name, { statements, server_ms: each('server'), own_ms: each('own') }];
    }),
  );
}

function costsOf({ beganMs, endedMs, statements }: TimedCall) {
  const costs = new Map<string, { statements: number; server: number; own: number }>();
  const add = (name: string, server: number, own: number, count = 1) => {
    const before = costs.get(name) ?? { statements: 0, server: 0, own: 0 };
    costs.set(name, {
      statements: before.statements + count,
      server: before.server + server,
      own: before.own + own,
    });
  };
  let freeMs = beganMs;
  for (const statement of statements) {
    // Statements that are sent together overlap: each counts from where the one before it ended.
    const sentMs = Math.max(statement.beganMs, freeMs);
    add(partOf(statement), Math.max(0, statement.endedMs - sentMs), sentMs - freeMs);
    freeMs = Math.max(freeMs, statement.endedMs);
  }
  add('after the commit', 0, endedMs - freeMs, 0);
  return costs;
}
