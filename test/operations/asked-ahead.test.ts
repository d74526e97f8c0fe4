import { randomUUID } from 'node:crypto';
import { catalogue, type Dispatch } from '../../operations/catalogue';
import { createDispatch } from '../../operations/registry';
import { createDatabase, type Database } from '../../operations/transaction/database';
import { inLine } from '../../operations/transaction/in-line';
import { contextOf, newKey, startTestOperations, type TestOperations } from '../support/operations';
import { until } from '../support/until';
import { sql } from 'kysely';
import type { Transaction } from '../../operations/transaction/database';

let core: TestOperations;
let db: Database;
/** On one connection: what a refusal left behind on it would be met by whoever comes next. */
let dispatch: Dispatch;
beforeAll(async () => {
  core = await startTestOperations();
  db = createDatabase({ url: core.database.appUrl, connectionsMax: 1, applicationName: 'test-one' });
  dispatch = createDispatch({ catalogue, db, switchDb: db, operatorDb: db, onCommitted: () => {} });
});
afterAll(async () => {
  await db.destroy();
  await core.stop();
});

const serverId = 'mcp_000000000000';

function request(context = core.as('developer')): Promise<unknown> {
  return dispatch(context, 'tools.calls.request', {
    params: {
      invocationId: `inv_${randomUUID().replaceAll('-', '').slice(0, 16)}`,
      ...{ workflowId: `call:${newKey()}`, serverId, toolId: 'tool_000000000000' },
      ...{ arguments: {}, sealedArguments: '' },
    },
    idempotencyKey: newKey(),
  });
}

const killServer = (enabled: boolean) =>
  dispatch(core.as('admin'), 'governance.switches.change', {
    params: { scope: 'server', scopeId: serverId, enabled, kind: 'kill', reason: 'test' },
    idempotencyKey: newKey(),
  });

test('who may not, and what is stopped, hear that first, whatever the facts would have said', async () => {
  await expect(request()).rejects.toMatchObject({ code: 'resource_not_found' });
  await expect(request(core.as('viewer'))).rejects.toMatchObject({ code: 'authorization_failed' });
  await expect(request(contextOf('ten_nobody', 'key_nobody'))).rejects.toMatchObject({ code: 'authentication_failed' });
  await killServer(true);
  await expect(request()).rejects.toMatchObject({ reason: 'SWITCH_ENGAGED' });
  await expect(request(core.as('viewer'))).rejects.toMatchObject({ code: 'authorization_failed' });
  await killServer(false);
  await expect(request()).rejects.toMatchObject({ code: 'resource_not_found' });
});

async function sessions(where: string): Promise<unknown[]> {
  const { rows } = await core.owner.query(
    `select state from pg_stat_activity where application_name = 'test-one' and ${where}`,
  );
  return rows;
}

test('fifty refusals of all kinds at once leave the connection as it was', async () => {
  const refused = Array.from({ length: 50 }, (_, n) => request(core.as(n % 2 === 0 ? 'viewer' : 'developer')));
  const codes = (await Promise.allSettled(refused)).map(
    (each) => 'reason' in each && (each.reason as { code: string }).code,
  );
  expect(codes.filter((code) => code === 'authorization_failed')).toHaveLength(25);
  expect(codes.filter((code) => code === 'resource_not_found')).toHaveLength(25);
  // The end of the last one is not waited for by whoever was refused.
  await until(async () => (await sessions(`state <> 'idle'`)).length === 0, { what: 'a connection at rest' });
  expect(await sessions(`pid in (select pid from pg_locks where locktype = 'advisory')`)).toEqual([]);
});

test('a statement in line is carried out behind those before it, and not where one of them failed', async () => {
  const tx = (await db.startTransaction().execute()) as Transaction;
  const send = await inLine(tx);
  const one = send(sql<{ n: number }>`select ${1}::int as n`.compile(tx));
  const failed = send(sql`select 1/${0}::int`.compile(tx));
  const behind = send(sql`select ${2}::int`.compile(tx));
  expect(await one).toEqual([{ n: 1 }]);
  await expect(failed).rejects.toThrow('division by zero');
  await expect(behind).rejects.toThrow('aborted');
  await tx.rollback().execute();
});
