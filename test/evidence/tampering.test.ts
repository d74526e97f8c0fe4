import { Client } from 'pg';
import { verifyExport, type VerifyOptions } from '../../evidence/verify/verify-export';
import { parseVerifier, signNote, splitNote } from '../../evidence/note';
import { decided } from '../support/decided';
import { chunksOf, makeSigner } from '../support/evidence-file';
import { startTestStack, type TestStack } from '../support/stack';
import { withDatabase } from '../support/sql';

let stack: TestStack;
/** Who has the whole server in his hands: no trigger and no policy holds him back. */
let intruder: Client;
beforeAll(async () => {
  stack = await startTestStack();
  const name = new URL(stack.database.ownerUrl).pathname.slice(1);
  intruder = new Client({ connectionString: withDatabase(process.env.TEST_POSTGRES_ADMIN_URL ?? '', name) });
  await intruder.connect();
  await intruder.query(`set session_replication_role = 'replica'`);
  for (let made = 0; made < 20; made += 1) {
    await stack.api().post('/api-keys', { name: `key ${made}`, role: 'viewer' });
  }
});
afterAll(async () => {
  await intruder.end();
  await stack.stop();
});

async function exported(): Promise<string> {
  const api = stack.api('auditor');
  const made = await decided(() => api.post('/evidence/export'));
  expect(made).toMatchObject({ status: 201 });
  const headers = { authorization: `Bearer ${api.apiKey}` };
  return (await fetch(`${stack.url}/api/v1/exports/${made.body.data.export_id}/file`, { headers })).text();
}

async function findings(options?: VerifyOptions) {
  const result = await verifyExport(chunksOf(await exported(), 65_536), options);
  // The sealer may have seen the change first; then the file says so too.
  return result.findings
    .filter(({ check }) => check !== 'unsealed')
    .map(({ check, index, event_id, field }) => ({ check, index, event_id, field }));
}

const tenantId = () => stack.keys.tenants[0]?.tenant_id ?? '';

/** The event of a leaf, after everything so far is sealed. */
async function leaf(index: number) {
  await exported();
  const { rows } = await stack.owner.query<{ event_id: string; integrity_hash: string }>(
    'select event_id, integrity_hash from audit_leaves where tenant_id = $1 and tenant_sequence = $2',
    [tenantId(), index],
  );
  return rows[0] ?? { event_id: '', integrity_hash: '' };
}

/** Changes rows, looks, and changes them back. */
async function tampered(change: string, values: unknown[], undo: string, old: unknown[], options?: VerifyOptions) {
  expect((await intruder.query(change, values)).rowCount).toBeGreaterThan(0);
  const found = await findings(options);
  await intruder.query(undo, old);
  expect(await findings()).toEqual([]);
  return found;
}

test('bytes that were rewritten in the database are found', async () => {
  const { event_id } = await leaf(7);
  const { rows } = await intruder.query('select payload_bytes from audit_events where event_id = $1', [event_id]);
  const forged = Buffer.from(String(rows[0].payload_bytes).replace('"success"', '"failure"'));
  const set = 'update audit_events set payload_bytes = $2 where event_id = $1';
  const found = await tampered(set, [event_id, forged], set, [event_id, rows[0].payload_bytes]);
  const here = { index: 7, event_id };
  expect(found).toEqual(
    expect.arrayContaining([
      { check: 'integrity_hash', ...here, field: 'integrity_hash' },
      { check: 'leaf_hash', ...here, field: 'leaf_hash' },
      { check: 'column', ...here, field: 'outcome' },
      expect.objectContaining({ check: 'tree' }),
    ]),
  );
});

test('bytes, hashes and leaf that were all rewritten to fit are found by the chain and the tree', async () => {
  const { event_id, integrity_hash } = await leaf(7);
  const { rows } = await intruder.query('select payload_bytes from audit_events where event_id = $1', [event_id]);
  const old = rows[0].payload_bytes as Buffer;
  const rewrite = `with e as (update audit_events set payload_bytes = $2::bytea, outcome = $3,
      integrity_hash = encode(sha256($2::bytea), 'hex'), leaf_hash = sha256('\\x00'::bytea || $2::bytea)
      where event_id = $1)
    update audit_leaves set integrity_hash = encode(sha256($2::bytea), 'hex'),
      leaf_hash = sha256('\\x00'::bytea || $2::bytea) where event_id = $1`;
  const forged = Buffer.from(String(old).replace('"success"', '"failure"'));
  const found = await tampered(rewrite, [event_id, forged, 'failure'], rewrite, [event_id, old, 'success']);
  expect(found).toContainEqual(expect.objectContaining({ check: 'previous_hash', index: 8 }));
  expect(found).toContainEqual(expect.objectContaining({ check: 'tree' }));
  expect(integrity_hash).toBe((await leaf(7)).integrity_hash);
});

test.each([
  ['outcome', 'failure'],
  ['actor_id', 'somebody-else'],
  ['evidence', '{"name":"another"}'],
  ['occurred_at', '2001-01-01T00:00:00Z'],
  ['integrity_hash', 'ab'.repeat(32)],
])('a column that was rewritten is found: %s', async (column, value) => {
  const { event_id } = await leaf(5);
  const { rows } = await intruder.query(`select ${column}::text as value from audit_events where event_id = $1`, [
    event_id,
  ]);
  const type = { evidence: 'jsonb', occurred_at: 'timestamptz' }[column] ?? 'text';
  const set = `update audit_events set ${column} = $2::${type} where event_id = $1`;
  const found = await tampered(set, [event_id, value], set, [event_id, rows[0].value]);
  expect(found).toEqual([{ check: 'column', index: 5, event_id, field: column }]);
});

test('an event that was deleted is found, and so is a deleted leaf', async () => {
  const { event_id } = await leaf(6);
  await intruder.query('create temp table kept as select * from audit_events where event_id = $1', [event_id]);
  const back = await intruder.query<{ list: string }>(
    `select string_agg(quote_ident(column_name), ', ') as list from information_schema.columns
     where table_name = 'audit_events' and table_schema = 'public'`,
  );
  const list = back.rows[0]?.list ?? '';
  const found = await tampered(
    'delete from audit_events where event_id = $1',
    [event_id],
    `insert into audit_events (${list}) overriding system value select ${list} from kept`,
    [],
  );
  expect(found).toEqual([{ check: 'bytes', index: 6, event_id, field: 'bytes' }]);

  await intruder.query('create temp table kept_leaf as select * from audit_leaves where event_id = $1', [event_id]);
  const next = await leaf(7);
  const without = await tampered(
    'delete from audit_leaves where event_id = $1',
    [event_id],
    'insert into audit_leaves select * from kept_leaf',
    [],
  );
  expect(without[0]).toEqual({ check: 'sequence', index: 7, event_id: next.event_id, field: 'index' });
});

test('a tree without one of its leaves gives no proofs, and says so', async () => {
  const { event_id: eventId } = await leaf(3);
  const ask = async () => {
    const api = stack.api('auditor');
    const paths = [`inclusion?event_id=${eventId}`, 'consistency?from=2'];
    return Promise.all(paths.map((path) => api.get(`/audit/proof/${path}`)));
  };
  await intruder.query('create temp table kept_proof as select * from audit_leaves where tenant_id = $1', [tenantId()]);
  await intruder.query('delete from audit_leaves where tenant_id = $1 and tenant_sequence = 6', [tenantId()]);
  const answers = await ask();
  await intruder.query('insert into audit_leaves select * from kept_proof where tenant_sequence = 6');
  for (const answer of answers) {
    expect(answer).toMatchObject({ status: 409, body: { error: { code: 'invalid_state' } } });
  }
  for (const answer of await ask()) expect(answer).toMatchObject({ status: 200 });
});

test('events that changed places are found', async () => {
  const swap = `update audit_leaves set tenant_sequence = case tenant_sequence when 3 then 4 else 3 end + $2::bigint
    where tenant_id = $1 and tenant_sequence in (3, 4)`;
  const settle = 'update audit_leaves set tenant_sequence = tenant_sequence - 1000000 where tenant_sequence >= 1000000';
  const exchange = async () => {
    await intruder.query(swap, [tenantId(), 1_000_000]);
    await intruder.query(settle);
  };
  await leaf(4);
  await exchange();
  const found = await findings();
  await exchange();
  const chain = found.filter(({ check }) => check === 'previous_hash');
  expect(chain.map(({ index }) => index)).toEqual([3, 4, 5]);
  expect(found).toContainEqual(expect.objectContaining({ check: 'tree' }));
  expect(await findings()).toEqual([]);
});

test('a forged checkpoint, and one of another key, are found', async () => {
  await exported();
  const { rows } = await intruder.query<{ checkpoint_id: string; note: string }>(
    'select checkpoint_id, note from audit_checkpoints where tenant_id = $1',
    [tenantId()],
  );
  const replaced = async (forge: (note: string) => string) => {
    const set = 'update audit_checkpoints set note = $2 where checkpoint_id = $1';
    for (const { checkpoint_id: id, note } of rows) await intruder.query(set, [id, forge(note)]);
    const found = await findings();
    for (const { checkpoint_id: id, note } of rows) await intruder.query(set, [id, note]);
    expect(await findings()).toEqual([]);
    return found.map(({ check }) => check);
  };
  const bigger = (note: string) => note.replace(/\n(\d+)\n/, (_, size: string) => `\n${Number(size) + 1}\n`);
  expect(await replaced(bigger)).toContain('signature');
  const signer = makeSigner(/\n— (\S+) /.exec(rows[0]?.note ?? '')?.[1] ?? '');
  expect(await replaced((note) => signNote(splitNote(note).text, signer))).toContain('unknown_key');
});

test('a tree whose newest events were cut off is found by a checkpoint that was kept outside', async () => {
  await exported();
  const { body } = await stack.api('auditor').get('/audit/checkpoint');
  const { note, tree_size: size, public_keys: keys } = body.data;
  const earlier = await intruder.query<{ tree_size: string }>(
    'select tree_size from audit_checkpoints where tenant_id = $1 and tree_size < $2 order by seq desc limit 1',
    [tenantId(), size - 3],
  );
  const cut = Number(earlier.rows[0]?.tree_size);
  const of = [tenantId(), cut];
  // Nothing is sealed in between.
  await intruder.query('begin');
  await intruder.query('lock table audit_leaves, audit_events in access exclusive mode');
  await intruder.query('delete from audit_checkpoints where tenant_id = $1 and tree_size > $2', of);
  await intruder.query(
    `delete from audit_events e using audit_leaves l where l.event_id = e.event_id
     and l.tenant_id = $1 and l.tenant_sequence >= $2`,
    of,
  );
  await intruder.query('delete from audit_leaves where tenant_id = $1 and tenant_sequence >= $2', of);
  await intruder.query(
    'delete from audit_events where tenant_id = $1 and event_id not in (select event_id from audit_leaves)',
    [tenantId()],
  );
  await intruder.query('commit');
  expect(await findings({ keys: (keys as string[]).map(parseVerifier), checkpoints: [note] })).toEqual([
    { check: 'outside_checkpoint', index: undefined, event_id: undefined, field: undefined },
  ]);
});
