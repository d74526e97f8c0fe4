import { readFile, rename, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { ApiClient } from '../support/api-client';
import { createVault } from '../../vault';
import { until } from '../support/until';
import { startTestStack, type TestStack } from '../support/stack';

// Low entropy on purpose: what is stored must not let it be guessed, and still tell it from another.
const canary = 'canary4711';
const second = 'canary4712';

let stack: TestStack;
let api: ApiClient;
beforeAll(async () => {
  stack = await startTestStack();
  api = stack.api();
});
afterAll(() => stack.stop());

let names = 0;

async function stored(extra: object = {}, by = api): Promise<string> {
  names += 1;
  const body = { name: `credential ${names}`, type: 'bearer_token', secret: { token: canary }, ...extra };
  const answer = await by.post('/credentials', body);
  expect(answer).toMatchObject({ status: 201 });
  return answer.body.data.credential_id;
}

const resolve = (credentialId: string, tenant: 0 | 1 = 0) =>
  stack.worker.vault.resolve(stack.as('developer', tenant), { credentialId, purpose: 'a test' });

async function accesses(credentialId: string) {
  const { body } = await api.get(`/credentials/${credentialId}/access`);
  return (body.data.items as { action: string; success: boolean; error: string | null }[]).map(
    ({ action, success, error }) => (success ? action : `${action}: ${error}`),
  );
}

/** Every row of every table that holds the text, in whatever column, as the owner sees them. */
async function rowsWith(text: string): Promise<string[]> {
  const { rows: tables } = await stack.owner.query<{ name: string }>(
    `select quote_ident(relname) as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')`,
  );
  const encodings = [text, Buffer.from(text).toString('hex'), Buffer.from(text).toString('base64').slice(0, 12)];
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows } = await stack.owner.query<{ n: number }>(
      `select count(*)::int as n from ${name} t where exists
        (select from unnest($1::text[]) as e (x) where strpos(t::text, e.x) > 0)`,
      [encodings],
    );
    if (rows[0]?.n !== 0) found.push(name);
  }
  return found;
}

test('what is stored is resolved in the worker, and told by nothing else', async () => {
  const answers = [];
  const types = {
    api_key: { api_key: canary, header: 'X-Key' },
    bearer_token: { token: canary },
    basic_auth: { username: canary, password: canary },
    oauth: { client_id: 'c', client_secret: canary, token_url: 'https://login.example/token' },
    database: { host: 'db', username: 'u', password: canary },
    ssh_key: { private_key: `-----BEGIN\n${canary}\n` },
    certificate: { certificate: 'c', private_key: canary },
    custom: { anything: canary },
  };
  for (const [type, secret] of Object.entries(types)) {
    const body = { name: `of type ${type}`, type, secret, tags: ['t'], metadata: { owner: 'ops', ports: 2 } };
    const made = await api.post('/credentials', body, { key: `made ${type}`.replace(' ', '-') });
    expect(made.status).toBe(201);
    const id = made.body.data.credential_id;
    expect(await resolve(id)).toEqual({ type, secretVersion: 1, fields: secret });
    const shown = await api.get(`/credentials/${id}`);
    expect(shown.body.data).toMatchObject({ type, tags: ['t'], metadata: { owner: 'ops', ports: 2 }, access_count: 1 });
    const listed = await api.get(`/credentials?type=${type}`);
    expect(listed.body.data.items.map((each: { type: string }) => each.type)).toEqual([type]);
    const rotated = await api.post(`/credentials/${id}/rotate`, { secret });
    expect(rotated.body.data).toMatchObject({ secret_version: 2 });
    answers.push(made, shown, listed, rotated, await api.get(`/credentials/${id}/access`));
    expect(await accesses(id)).toEqual(['rotate', 'get', 'store']);
  }
  answers.push(await api.get('/audit/events?limit=1000&include=payload'));
  expect(JSON.stringify(answers)).not.toContain(canary);
  expect(stack.logLines.join('')).not.toContain(canary);
  expect(await rowsWith(canary)).toEqual([]);
  // The search would find it: the names are in the rows.
  expect(await rowsWith('of type api_key')).toEqual(expect.arrayContaining(['credentials']));
});

test('unfit secrets are refused by the name of the field, and stand nowhere', async () => {
  const bodies = [
    [{ type: 'bearer_token', secret: { api_key: canary } }, 'secret.token'],
    [{ type: 'bearer_token', secret: { token: canary, other: canary } }, 'secret.other'],
    [{ type: 'bearer_token', secret: { token: '' } }, 'secret.token'],
    [{ type: 'oauth', secret: { client_id: 'c', client_secret: canary, token_url: canary } }, 'secret.token_url'],
    [{ type: 'custom', secret: {} }, 'secret'],
    [{ type: 'bearer_token', secret: canary }, 'secret'],
    [{ type: 'bearer_token', secret: { token: canary }, value: canary }, 'value'],
    [{ type: 'bearer_token', secret: { token: canary }, expires_at: '2020-01-01T00:00:00Z' }, 'expires_at'],
  ] as const;
  const refusals = async () => {
    const { rowCount } = await stack.owner.query(
      `select from audit_events where action = 'credentials.store' and outcome = 'blocked'`,
    );
    return rowCount ?? 0;
  };
  const before = await refusals();
  for (const [body, field] of bodies) {
    const answer = await api.post('/credentials', { name: 'unfit', ...body });
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 'invalid_input', details: { field } } } });
  }
  expect(await refusals()).toBe(before + bodies.length);
  const id = await stored();
  const unfit = await api.post(`/credentials/${id}/rotate`, { secret: { password: canary } });
  expect(unfit).toMatchObject({ status: 400, body: { error: { details: { field: 'secret.token' } } } });
  expect(await resolve(id)).toMatchObject({ secretVersion: 1 });
  expect(await rowsWith(canary)).toEqual([]);
  expect(stack.logLines.join('')).not.toContain(canary);
});

test('the same key and secret are one credential, another secret is another call', async () => {
  const body = { name: 'once', type: 'bearer_token', secret: { token: canary } };
  const first = await api.post('/credentials', body, { key: 'once' });
  const again = await api.post('/credentials', body, { key: 'once' });
  expect([again.status, again.body.data]).toEqual([201, first.body.data]);
  const other = await api.post('/credentials', { ...body, secret: { token: second } }, { key: 'once' });
  expect(other).toMatchObject({ status: 409, body: { error: { reason: 'key_reused' } } });
  expect(await api.post('/credentials', body)).toMatchObject({
    status: 409,
    body: { error: { reason: 'name_taken' } },
  });

  const id = first.body.data.credential_id;
  const rotation = { secret: { token: second } };
  const rotated = await api.post(`/credentials/${id}/rotate`, rotation, { key: 'turn' });
  const repeated = await api.post(`/credentials/${id}/rotate`, rotation, { key: 'turn' });
  expect(repeated.body.data).toEqual(rotated.body.data);
  expect(await resolve(id)).toMatchObject({ secretVersion: 2, fields: { token: second } });
  await api.delete(`/credentials/${id}`);
  const late = await api.post(`/credentials/${id}/rotate`, rotation, { key: 'turn' });
  expect([late.status, late.body.data]).toEqual([200, rotated.body.data]);
});

test('rotations at once leave one secret, of one of them', async () => {
  const id = await stored();
  const tokens = Array.from({ length: 8 }, (_, index) => `token ${index}`);
  const answers = await Promise.all(
    tokens.map((token) => api.post(`/credentials/${id}/rotate`, { secret: { token } })),
  );
  const done = answers.filter(({ status }) => status === 200);
  expect(done.length).toBeGreaterThan(0);
  for (const { status, body } of answers) if (status !== 200) expect(body.error.code).toBe('resource_busy');
  const { rows } = await stack.owner.query('select secret_version from credential_secrets where credential_id = $1', [
    id,
  ]);
  expect(rows).toEqual([{ secret_version: done.length + 1 }]);
  expect(tokens).toContain((await resolve(id))?.fields.token);
});

test('a secret that is rotated or deleted between the reading and the record is not handed out', async () => {
  const [rotated, deleted] = [await stored(), await stored()];
  const changes = {
    [rotated]: () => api.post(`/credentials/${rotated}/rotate`, { secret: { token: second } }),
    [deleted]: () => api.delete(`/credentials/${deleted}`),
  };
  const vault = createVault(path.join(stack.folder, 'master.key'), {
    db: stack.db,
    async dispatch(context, name, request) {
      const { credentialId } = request.params as { credentialId: string };
      const change = changes[credentialId];
      delete changes[credentialId];
      await change?.();
      return stack.dispatch(context, name, request);
    },
  });
  const request = (credentialId: string) => ({ credentialId, purpose: 'a test' });
  expect(await vault.resolve(stack.as('developer'), request(rotated))).toMatchObject({ fields: { token: second } });
  expect(await vault.resolve(stack.as('developer'), request(deleted))).toBeUndefined();
  expect(await accesses(rotated)).toEqual(['get', 'get: changed', 'rotate', 'store']);
  expect(await accesses(deleted)).toEqual(['get: not_found', 'get: changed', 'delete', 'store']);
});

test("the neighbour's credential is nothing, by route and by vault", async () => {
  const id = await stored();
  const neighbour = stack.api('admin', 1);
  const answers = [
    await neighbour.get(`/credentials/${id}`),
    await neighbour.get(`/credentials/${id}/access`),
    await neighbour.post(`/credentials/${id}/rotate`, { secret: { token: 'x' } }),
    await neighbour.delete(`/credentials/${id}`),
  ];
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
  expect(await resolve(id, 1)).toBeUndefined();
  expect(await accesses(id)).toEqual(['store']);
  expect(await resolve(id)).toMatchObject({ fields: { token: canary } });
});

test('an expired credential resolves to nothing until it is rotated with another end', async () => {
  const id = await stored({ expires_at: new Date(Date.now() + 3_600_000).toISOString() });
  await stack.owner.query(`update credentials set expires_at = now() - interval '1 second' where credential_id = $1`, [
    id,
  ]);
  expect(await resolve(id)).toBeUndefined();
  expect((await api.get(`/credentials/${id}`)).body.data.status).toBe('expired');
  await api.post(`/credentials/${id}/rotate`, { secret: { token: second } });
  expect(await resolve(id)).toBeUndefined();
  await api.post(`/credentials/${id}/rotate`, { secret: { token: second }, expires_at: null });
  expect(await resolve(id)).toMatchObject({ secretVersion: 3, fields: { token: second } });
  expect(await accesses(id)).toEqual(['get', 'rotate', 'get: expired', 'rotate', 'get: expired', 'store']);
});

test('a deleted credential is gone, its log stays, and its name is free', async () => {
  const id = await stored({ name: 'to go' });
  expect(await api.delete(`/credentials/${id}`)).toMatchObject({ status: 200, body: { data: { deleted: true } } });
  expect(await resolve(id)).toBeUndefined();
  expect(await api.get(`/credentials/${id}`)).toMatchObject({ status: 404 });
  expect(await api.delete(`/credentials/${id}`)).toMatchObject({ status: 404 });
  expect(await accesses(id)).toEqual(['delete: NOT_FOUND', 'get: not_found', 'delete', 'store']);
  const { rows } = await stack.owner.query('select from credential_secrets where credential_id = $1', [id]);
  expect(rows).toEqual([]);
  await stored({ name: 'to go' });
});

test('each access is on record before the secret is out: without the record there is no secret', async () => {
  const id = await stored();
  await stack.owner.query(`create function refuse() returns trigger language plpgsql as
    $$ begin raise exception 'the log is full'; end $$`);
  await stack.owner.query('create trigger log_full before insert on credential_access_log execute function refuse()');
  await expect(resolve(id)).rejects.toThrow('the log is full');
  await stack.owner.query('drop trigger log_full on credential_access_log');
  await expect(resolve(id)).resolves.toMatchObject({ fields: { token: canary } });
  const { rows } = await stack.owner.query(
    `select evidence, outcome, actor_id, run_id from audit_events
      where event_type = 'CredentialAccessed' and resource_id = $1`,
    [id],
  );
  const accessor = stack.as('developer').actor.id;
  expect(rows).toMatchObject([
    {
      outcome: 'success',
      actor_id: 'system:vault',
      evidence: { purpose: 'a test', accessor_id: accessor, secret_version: 1, error: null },
    },
  ]);
});

test('under a kill nothing is handed out or stored, and what leaked can still be deleted', async () => {
  const [id, leaked] = [await stored(), await stored()];
  const kill = { scope: 'tenant', kind: 'kill', reason: 'test' };
  await api.post('/governance/kill-switch', { ...kill, enabled: true });
  await expect(resolve(id)).rejects.toMatchObject({ reason: 'SWITCH_ENGAGED' });
  expect(await api.post(`/credentials/${id}/rotate`, { secret: { token: 'x' } })).toMatchObject({ status: 403 });
  expect(await api.delete(`/credentials/${leaked}`)).toMatchObject({ status: 200 });
  await api.post('/governance/kill-switch', { ...kill, enabled: false });
  expect(await accesses(id)).toEqual(['rotate: SWITCH_ENGAGED', 'get: SWITCH_ENGAGED', 'store']);
});

test('what was tampered with is not handed out', async () => {
  const [id, other] = [await stored(), await stored()];
  await stack.owner.query(
    `update credential_secrets a set nonce = b.nonce, ciphertext = b.ciphertext, tag = b.tag
      from credential_secrets b where a.credential_id = $1 and b.credential_id = $2`,
    [id, other],
  );
  await expect(resolve(id)).rejects.toMatchObject({ code: 'invalid_configuration' });
  expect(await accesses(id)).toEqual(['get: not_authentic', 'store']);
});

describe('without the master key of the installation', () => {
  const file = () => path.join(stack.folder, 'master.key');
  const refused = { code: 'invalid_configuration' };
  let id: string;
  beforeAll(async () => {
    id = await stored();
  });
  beforeEach(async () => {
    await rename(file(), `${file()}.aside`);
  });
  afterEach(() => rename(`${file()}.aside`, file()));

  test('nothing is stored, rotated or resolved, and it is told why', async () => {
    // The guard of the boot status says so too, at its next look.
    const answer = await api.post('/credentials', { name: 'keyless', type: 'bearer_token', secret: { token: canary } });
    expect(answer.body.error.message).toMatch(/master.key/);
    expect([422, 503]).toContain(answer.status);
    await expect(resolve(id)).rejects.toMatchObject({ ...refused, message: expect.stringContaining('does not exist') });
  });

  test('another key is not taken in its place', async () => {
    await writeFile(file(), randomBytes(32));
    expect(await readFile(file())).toHaveLength(32);
    const body = { name: 'foreign', type: 'bearer_token', secret: { token: canary } };
    let answer = await api.post('/credentials', body);
    // The guard has seen the file missing, and looks again.
    await until(async () => (answer = await api.post('/credentials', body)).status !== 503);
    expect(answer).toMatchObject({ status: 422, body: { error: refused } });
    await expect(resolve(id)).rejects.toMatchObject(refused);
  });
});
