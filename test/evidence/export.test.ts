import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { verifyInclusion, verifyConsistency } from '../../evidence/merkle/proofs';
import { openNote, parseCheckpoint, parseVerifier } from '../../evidence/note';
import { verifyExport, type VerifyOptions } from '../../evidence/verify/verify-export';
import { anActivePlane, type ActivePlane } from '../support/active-plane';
import { decided } from '../support/decided';
import { startTestStack, type TestStack } from '../support/stack';
import { chunksOf } from '../support/evidence-file';
import { runCommand } from '../unit/cli/run-command';

let stack: TestStack;
let plane: ActivePlane;
beforeAll(async () => {
  stack = await startTestStack();
  plane = await anActivePlane(stack.api(), 'known', {
    files: { 'a.md': 'A known document of Grace Hopper.', 'b.md': 'Another one.' },
  });
  await stack.api().post(`/knowledge/${plane.planeId}/query`, { query: 'known' });
  // What is exported is sealed, so there is a checkpoint from here on.
  await exported();
});
afterAll(async () => {
  await stack.stop();
});

const tenantId = () => stack.keys.tenants[0]?.tenant_id ?? '';

async function exported(body: object = {}, api = stack.api('auditor')) {
  const made = await decided(() => api.post('/evidence/export', body));
  expect(made).toMatchObject({ status: 201 });
  const { export_id: id, sha256, bytes, events } = made.body.data;
  const file = await download(id, api.apiKey);
  expect(file.headers.get('repr-digest')).toBe(`sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`);
  const text = await file.text();
  expect(Buffer.byteLength(text)).toBe(bytes);
  return { id: id as string, text, events: events as number, sha256: sha256 as string, view: made.body.data };
}

const download = (id: string, key: string) =>
  fetch(`${stack.url}/api/v1/exports/${id}/file`, { headers: { authorization: `Bearer ${key}` } });

const verify = (text: string, options?: VerifyOptions) => verifyExport(chunksOf(text, 65_536), options);

async function checkpoint() {
  const { body } = await stack.api('auditor').get('/audit/checkpoint');
  return body.data as { note: string; tree_size: number; root_hash: string; public_keys: string[] };
}

describe('an export', () => {
  test('of everything, of a plane, a run and a period holds', async () => {
    const { public_keys: keys } = await checkpoint();
    const known = { keys: keys.map(parseVerifier) };
    const all = await exported();
    expect(await verify(all.text, known)).toMatchObject({ ok: true, events: all.events, file: { is_key_known: true } });
    const { rows } = await stack.owner.query<{ run_id: string; n: number }>(
      'select run_id, count(*)::int as n from audit_events where plane_id = $1 group by 1 order by 2 desc limit 1',
      [plane.planeId],
    );
    const counted = await stack.owner.query('select from audit_events where plane_id = $1', [plane.planeId]);
    const ofPlane = await exported({ plane_id: plane.planeId });
    expect(await verify(ofPlane.text, known)).toMatchObject({ ok: true, events: counted.rowCount });
    const ofRun = await exported({ run_id: rows[0]?.run_id });
    expect(await verify(ofRun.text, known)).toMatchObject({ ok: true, file: { coverage: { type: 'selected' } } });
    expect(ofRun.events).toBeGreaterThan(0);
    const from = new Date(Date.now() - 3_600_000).toISOString();
    const ofPeriod = await exported({ from, to: new Date(Date.now() + 60_000).toISOString() });
    expect(await verify(ofPeriod.text, known)).toMatchObject({ ok: true, file: { coverage: { type: 'range' } } });
    const ofNothing = await exported({ to: '2001-01-01T00:00:00Z' });
    expect(await verify(ofNothing.text, known)).toMatchObject({ ok: true, events: 0 });
  });

  test('covers everything up to the request, and is itself recorded with its hash', async () => {
    const { body } = await stack.api().post('/api-keys', { name: 'just now', role: 'viewer' });
    const { text, id, sha256 } = await exported();
    const events = (JSON.parse(text).events as { bytes: string }[]).map(({ bytes }) =>
      Buffer.from(bytes, 'base64').toString(),
    );
    expect(events.some((each) => each.includes(body.data.key_id))).toBe(true);
    const { rows } = await stack.owner.query(
      `select evidence->>'sha256' as sha256, outcome from audit_events
       where event_type = 'ExportCreated' and resource_id = $1`,
      [id],
    );
    expect(rows).toEqual([{ sha256, outcome: 'success' }]);
  });

  test('is one export for one key, and is listed', async () => {
    const api = stack.api('auditor');
    const ask = () => api.post('/evidence/export', { plane_id: plane.planeId }, { key: 'same-key' });
    const [one, again] = [await decided(ask), await ask()];
    expect(again.body.data).toEqual(one.body.data);
    expect(await api.post('/evidence/export', {}, { key: 'same-key' })).toMatchObject({ status: 409 });
    const { body } = await api.get('/exports');
    expect(body.data.items[0]).toEqual(one.body.data);
    expect((await api.get(`/exports/${one.body.data.export_id}`)).body.data).toEqual(one.body.data);
  });

  test('goes on when everything else is stopped', async () => {
    const change = { reason: 'test', scope: 'tenant', scope_id: tenantId(), kind: 'kill' };
    await stack.api().post('/governance/kill-switch', { ...change, enabled: true });
    expect(await verify((await exported()).text)).toMatchObject({ ok: true });
    await stack.api().post('/governance/kill-switch', { ...change, enabled: false });
  });

  test('as a table is safe to open, and has a line for each event', async () => {
    await stack.api().post('/api-keys', { name: '=cmd|calc', role: 'viewer' });
    const { text, events } = await exported({ format: 'csv' });
    const lines = text.trimEnd().split('\r\n');
    expect(lines).toHaveLength(events + 1);
    expect(lines[0]).toContain('"leaf_index","occurred_at","event_id"');
    for (const line of lines.slice(1)) {
      expect(line).toMatch(/^\d+,"\d{4}-/);
      for (const cell of line.split(',"')) expect(cell).not.toMatch(/^[=+@]/);
    }
  });

  test('is refused to others, and says what it cannot take', async () => {
    const { id } = await exported();
    for (const role of ['viewer', 'developer'] as const) {
      expect(await stack.api(role).post('/evidence/export')).toMatchObject({ status: 403 });
      expect(await download(id, stack.api(role).apiKey)).toMatchObject({ status: 403 });
    }
    const neighbour = stack.api('auditor', 1);
    expect(await download(id, neighbour.apiKey)).toMatchObject({ status: 404 });
    expect(await neighbour.get(`/exports/${id}`)).toMatchObject({ status: 404 });
    for (const body of [
      { plane_id: plane.planeId, run_id: 'x' },
      { from: '2027-01-02T00:00:00Z', to: '2027-01-01T00:00:00Z' },
      { format: 'pdf' },
    ]) {
      expect(await stack.api().post('/evidence/export', body)).toMatchObject({ status: 400 });
    }
  });

  test('of another tenant holds nothing of this one', async () => {
    await stack.api('admin', 1).post('/api-keys', { name: 'neighbour', role: 'viewer' });
    const { text } = await exported({ plane_id: plane.planeId }, stack.api('auditor', 1));
    expect(await verify(text)).toMatchObject({ ok: true, events: 0 });
    expect((await exported({}, stack.api('auditor', 1))).text).not.toContain(tenantId());
  });
});

describe('proofs', () => {
  const bytes = (text: string) => Buffer.from(text, 'hex');

  test('show that an event lies in a signed tree, and how one tree begins with another', async () => {
    const api = stack.api('auditor');
    const first = await checkpoint();
    const keys = first.public_keys.map(parseVerifier);
    expect(parseCheckpoint(openNote(first.note, keys).text)).toMatchObject({
      size: first.tree_size,
      root: bytes(first.root_hash),
    });
    await stack.api().post('/api-keys', { name: 'the tree grows', role: 'viewer' });
    await exported();
    const { body: listed } = await api.get('/audit/events?limit=1000');
    for (const { event_id: eventId, integrity_hash: integrity } of listed.data.items.slice(-5)) {
      const { body } = await api.get(`/audit/proof/inclusion?event_id=${eventId}&tree_size=${first.tree_size}`);
      const { leaf_index: index, leaf_hash: leaf, proof, integrity_hash, checkpoint: note } = body.data;
      expect(integrity_hash).toBe(integrity);
      expect(note).toBe(first.note);
      const claim = { index, size: first.tree_size, leafHash: bytes(leaf), proof: proof.map(bytes) };
      expect(verifyInclusion({ ...claim, root: bytes(first.root_hash) })).toBe(true);
    }
    const { body } = await api.get(`/audit/proof/consistency?from=${first.tree_size}`);
    const { from, to, from_root: firstRoot, to_root: secondRoot, proof } = body.data;
    expect(to).toBeGreaterThan(first.tree_size);
    expect(firstRoot).toBe(first.root_hash);
    const claim = { first: from, second: to, firstRoot: bytes(firstRoot), secondRoot: bytes(secondRoot) };
    expect(verifyConsistency({ ...claim, proof: proof.map(bytes) })).toBe(true);
  });

  test('are of the own tenant only, and say what they cannot show', async () => {
    const api = stack.api('auditor');
    await exported();
    const { body } = await api.get('/audit/events?limit=1000');
    const { event_id: eventId } = body.data.items.at(-1);
    const proof = (query: string, caller = api) => caller.get(`/audit/proof/${query}`);
    expect(await proof(`inclusion?event_id=${eventId}`, stack.api('auditor', 1))).toMatchObject({ status: 404 });
    expect(await proof('inclusion?event_id=evt_none')).toMatchObject({ status: 404 });
    expect(await proof(`inclusion?event_id=${eventId}&tree_size=0`)).toMatchObject({ status: 400 });
    expect(await proof(`inclusion?event_id=${eventId}&tree_size=99999999`)).toMatchObject({ status: 400 });
    expect(await proof('consistency?from=9&to=3')).toMatchObject({ status: 400 });
    expect(await proof('consistency?from=-1')).toMatchObject({ status: 400 });
    expect(await proof('consistency?from=1&to=1')).toMatchObject({ status: 200, body: { data: { proof: [] } } });
    expect(await stack.api('viewer').get('/audit/checkpoint')).toMatchObject({ status: 403 });
  });
});

test('the commands export, keep a checkpoint, and verify without server or settings', async () => {
  const env = { AOS_API_URL: stack.url, AOS_API_KEY: stack.api('auditor').apiKey };
  const aos = (...args: string[]) => runCommand(args, { env, cwd: stack.folder });
  const alone = (...args: string[]) => runCommand(args, { env: {}, cwd: stack.folder });
  const note = await aos('audit', 'checkpoint');
  await writeFile(path.join(stack.folder, 'kept.note'), note.stdout);
  const keys = await aos('audit', 'checkpoint', '--keys');
  await writeFile(path.join(stack.folder, 'keys'), keys.stdout);
  const write = (...args: string[]) => decided(() => aos('audit', 'export', ...args));
  expect(await write('--out', 'all.json')).toMatchObject({ exitCode: 0 });
  const some = ['--plane', plane.planeId, '--out', 'p.json', '--checkpoint', 'kept.note'];
  expect(await write(...some)).toMatchObject({ exitCode: 0 });
  for (const file of ['all.json', 'p.json']) {
    const result = await alone('verify', file, '--checkpoint', 'kept.note', '--key', 'keys');
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stdout).toContain('one of the keys you gave');
  }
  const json = await alone('verify', 'all.json', '--json', '--key', keys.stdout.trim().split('\n')[0] ?? '');
  expect(JSON.parse(json.stdout)).toMatchObject({ ok: true, findings: [] });
  expect(await alone('verify', 'nothing.json')).toMatchObject({ exitCode: 2 });
  expect(await alone('verify', 'all.json', '--key', 'nonsense')).toMatchObject({ exitCode: 2 });
  expect(await alone('verify', 'kept.note')).toMatchObject({ exitCode: 1 });
});
