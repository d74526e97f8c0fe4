import { randomBytes, randomUUID } from 'node:crypto';
import { type Client } from 'pg';
import { partOf } from './parts';
import type { Statement } from './watch-queries';

const ours = new Set(['begin', 'tenant and grants', 'fence', 'claim', 'savepoint', 'save result', 'commit']);
const freshToken =
  /(bench |kp_|src_|job_|tr_|evt_|key-)[0-9a-f]{12,24}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

interface BareStatement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/**
 * The statements of one governed call as a plain program would send them: the reads, the business rows, audit and
 * outbox rows as recorded, one row for the idempotency key with its result, no tenant, grants, fence, claim or savepoint.
 */
export function plainStatements(recorded: readonly Statement[]): readonly BareStatement[] {
  const kept = recorded.filter((statement) => !ours.has(partOf(statement)));
  const claim = recorded.find((statement) => partOf(statement) === 'claim');
  const saved = recorded.find((statement) => partOf(statement) === 'save result');
  if (claim === undefined || saved === undefined) throw new Error('The recorded call has no idempotency record.');
  const text = `insert into idempotency_records (tenant_id, actor_id, operation, key, arguments_digest, state, outcome,
    retain_until) values ($1, $2, $3, $4, $5, $6, $7, now() + interval '30 days')`;
  return [...kept, { text, values: [...claim.values.slice(0, 5), saved.values[0], saved.values[1]] }];
}

/** Only what adds rows: no look for a namesake, no lock, no change of the rows just made. */
export function insertsOnly(statements: readonly BareStatement[]): readonly BareStatement[] {
  return statements.filter(({ text }) => /^\s*insert/.test(text));
}

/** Prepares one more call with identifiers of its own, and returns it: one transaction on one connection. */
export function nextCall(client: Client, statements: readonly BareStatement[]): () => Promise<void> {
  const renewed = renew(statements);
  return async () => {
    await client.query('begin');
    for (const { text, values } of renewed) await client.query(text, values as unknown[]);
    await client.query('commit');
  };
}

function renew(statements: readonly BareStatement[]): readonly BareStatement[] {
  const tokens = new Map<string, string>();
  const replace = (token: string, prefix: string | undefined) => {
    const known = tokens.get(token);
    if (known !== undefined) return known;
    const digits = token.length - (prefix?.length ?? 0);
    const made = prefix === undefined ? randomUUID() : prefix + randomBytes(digits / 2).toString('hex');
    tokens.set(token, made);
    return made;
  };
  return statements.map(({ text, values }) => ({
    text,
    values: values.map((value) => (typeof value === 'string' ? value.replaceAll(freshToken, replace) : value)),
  }));
}
