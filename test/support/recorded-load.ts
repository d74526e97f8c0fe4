import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import type { LedgerCall, LedgerLine, LedgerSwitch } from '../../chaos/ledger';
import { hashOf, ledgerAnswer } from '../../chaos/load/ledger-answer';
import type { ApiAnswer } from './api-client';
import type { TestStack } from './stack';

type Unnumbered<Line> = Line extends unknown ? Omit<Line, 'at' | 'seq'> : never;

/** A load that writes down what it does, as that of the chaos runs. */
export interface RecordedLoad {
  readonly lines: LedgerLine[];
  call(request: RecordedRequest): Promise<ApiAnswer>;
  /** Throws a kill and releases it; both are in the ledger with the snapshots between which it was on. */
  killAndRelease(scope: object, tenant?: 0 | 1): Promise<string>;
}

export interface RecordedRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  readonly key?: string;
  readonly tenant?: 0 | 1;
  readonly role?: 'admin' | 'developer';
  readonly isAnswerStored?: boolean;
}

export function recordLoad(stack: TestStack): RecordedLoad {
  const lines: LedgerLine[] = [];
  const write = (line: Unnumbered<LedgerLine>) =>
    void lines.push({ at: new Date().toISOString(), seq: lines.length + 1, ...line } as LedgerLine);

  async function call(
    {
      method,
      path,
      body,
      key = randomUUID(),
      tenant = 0,
      role = 'admin',
      isAnswerStored = method !== 'GET',
    }: RecordedRequest,
    more: { releasing?: LedgerSwitch; throws?: boolean } = {},
  ): Promise<ApiAnswer> {
    const entry: LedgerCall = {
      ...{ callId: randomUUID(), client: 'test', tenantId: stack.keys.tenants[tenant]?.tenant_id ?? '', method, path },
      ...{ idempotencyKey: method === 'GET' ? null : key, bodyHash: hashOf(body), isAnswerStored },
    };
    write({ kind: 'sent', call: entry, ...(more.releasing && { releasing: more.releasing }) });
    const answer = await stack.api(role, tenant).send(method, path, body, { key });
    const { data, error } = answer.body;
    write({
      ...{ kind: 'answered', call: entry, status: answer.status },
      answer: ledgerAnswer({ data, ...error }),
      ...(more.throws === true && { acknowledgedSwitch: await switchOf(stack, data, entry.tenantId) }),
    });
    return answer;
  }

  async function killAndRelease(scope: object, tenant: 0 | 1 = 0): Promise<string> {
    const request = (enabled: boolean): RecordedRequest => ({
      ...{ method: 'POST', path: '/governance/kill-switch', tenant },
      body: { ...scope, enabled, reason: 'recorded' },
    });
    const thrown = await call(request(true), { throws: true });
    if (thrown.status !== 200) throw new Error(JSON.stringify(thrown.body));
    const releasing = await switchOf(stack, thrown.body.data, stack.keys.tenants[tenant]?.tenant_id ?? '');
    await call(request(false), { releasing });
    return thrown.body.data.switch_id as string;
  }

  return { lines, call, killAndRelease };
}

async function switchOf({ database }: TestStack, data: ApiAnswer['body'], tenantId: string): Promise<LedgerSwitch> {
  return {
    ...{ switch_id: data.switch_id, epoch: data.epoch, scope_type: data.scope, scope_id: data.scope_id ?? '' },
    ...{ tenant_id: tenantId, kind: 'kill', enabled: true, snapshot: await snapshotOf(database.ownerUrl) },
  };
}

export async function snapshotOf(url: string): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ snapshot: string }>('select pg_current_snapshot()::text as snapshot');
  await client.end();
  return rows[0]?.snapshot ?? '';
}
