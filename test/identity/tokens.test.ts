import { createHmac, createPublicKey, type JsonWebKey } from 'node:crypto';
import { ApiClient } from '../support/api-client';
import { openEventStream } from '../support/event-stream';
import { freePort } from '../support/free-port';
import { startOidcIssuer, usualClaims, type TestIssuer } from '../support/oidc-issuer';
import { issuerRule } from '../support/oidc-rule';
import { rawCall } from '../support/raw-call';
import { startTestStack, type TestStack } from '../support/stack';
import { until } from '../support/until';

let stack: TestStack;
let issuer: TestIssuer;
let operators: TestIssuer;
let down: string;
const service = { client_id: 'service', client_secret: 's3cret', claims: { org: 'acme', roles: ['developers'] } };

beforeAll(async () => {
  [issuer, operators] = await Promise.all([startOidcIssuer([service]), startOidcIssuer()]);
  down = `http://127.0.0.1:${await freePort()}`;
  stack = await startTestStack({
    egressAllow: [issuer.host, operators.host, new URL(down).host],
    oidcIssuers: ({ keys }) => {
      const tenants = keys.tenants.map(({ tenant_id: id }) => id);
      const ofPlatform = { tenant: { id: 'platform' }, roles: { given: ['operator'] } };
      return [
        issuerRule(issuer.issuer, tenants),
        issuerRule(operators.issuer, tenants, ofPlatform),
        issuerRule(down, tenants),
      ];
    },
  });
}, 60_000);
afterAll(async () => {
  await stack?.stop();
  await Promise.all([issuer?.stop(), operators?.stop()]);
});

const tenantId = (n: 0 | 1 = 0) => stack.keys.tenants[n]?.tenant_id ?? '';
const api = (token: string) => new ApiClient(stack.url, token);
const developer = { org: 'acme', roles: ['developers'] };
const b64 = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

it('lets a client in with the token that its issuer gave it, as a machine of its tenant', async () => {
  const client = api(await issuer.tokenOf(service));
  const made = await client.post('/planes', {
    name: 'by token',
    sources: [{ source_type: 'upload', name: 'up', config: {} }],
  });
  expect(made.status).toBe(201);
  const { rows } = await stack.owner.query(
    `select e.tenant_id, e.actor_type, i.issuer, i.subject from audit_events e
      join iam_identities i on i.identity_id = e.actor_id where e.plane_id = $1`,
    [made.body.data.plane_id],
  );
  expect(rows).toContainEqual({
    ...{ tenant_id: tenantId(), actor_type: 'machine' },
    ...{ issuer: issuer.issuer, subject: 'service' },
  });
});

it('takes a new key of the issuer at once, and runs to it for no key that nobody has heard of', async () => {
  const before = await issuer.sign(developer);
  expect((await api(before).get('/planes')).status).toBe(200);
  await issuer.rotate({ keepOld: true });
  expect((await api(await issuer.sign(developer)).get('/planes')).status).toBe(200);
  expect((await api(before).get('/planes')).status).toBe(200);
  const asked = await issuer.asked();
  expect(asked).toBe(2);
  const invented = Array.from({ length: 20 }, (_, n) => issuer.sign(developer, { kid: `none-${n}` }));
  const answers = await Promise.all((await Promise.all(invented)).map((token) => api(token).get('/planes')));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
  expect(await issuer.asked()).toBe(asked);
});

it('takes a person for a person, with the limits of a key', async () => {
  const answer = await api(await issuer.sign(developer)).get('/planes');
  expect(answer.status).toBe(200);
  expect(answer.headers.get('ratelimit-policy') ?? answer.headers.get('ratelimit-limit')).not.toBeNull();
  const { rows } = await stack.owner.query(
    `select actor_type, evidence from audit_events
      where event_type = 'TokenRolesAccepted' and evidence->>'subject' = 'somebody'`,
  );
  expect(rows).toEqual([
    {
      actor_type: 'human',
      evidence: {
        ...{ issuer: issuer.issuer, subject: 'somebody', roles: ['developer'] },
        valid_until: expect.any(String),
      },
    },
  ]);
});

const now = () => Math.floor(Date.now() / 1_000);
const refused: [string, () => Promise<string>, number, RegExp][] = [
  [
    'of another issuer',
    () => issuer.sign({ ...developer, iss: 'https://id.example.com' }),
    401,
    /none that is trusted/,
  ],
  ['for another audience', () => issuer.sign({ ...developer, aud: 'https://other.test' }), 401, /another audience/],
  ['for nobody', () => issuer.sign({ ...developer, aud: undefined }), 401, /another audience/],
  ['that has run out', () => issuer.sign({ ...developer, iat: now() - 600, exp: now() - 31 }), 401, /has run out/],
  ['without an end', () => issuer.sign({ ...developer, exp: undefined }), 401, /claim exp is missing/],
  ['that counts later', () => issuer.sign({ ...developer, nbf: now() + 300 }), 401, /does not count yet/],
  ['that is too old', () => issuer.sign({ ...developer, iat: now() - 3_700 }), 401, /older than 3600 s/],
  ['of a time to come', () => issuer.sign({ ...developer, iat: now() + 300 }), 401, /a time to come/],
  ['of another type', () => issuer.sign(developer, { typ: 'JWT' }), 401, /type is not at\+jwt/],
  ['without a type', () => issuer.sign(developer, { typ: '' }), 401, /type is not at\+jwt/],
  ['without a subject', () => issuer.sign({ ...developer, sub: undefined }), 401, /claim sub is missing/],
  ['of nobody', () => issuer.sign({ ...developer, sub: '' }), 401, /subject cannot be told/],
  ['that is bound to a key', () => issuer.sign({ ...developer, cnf: { jkt: 'x' } }), 401, /bound to a key/],
  ['of a key that was never published', () => issuer.sign(developer, { kid: 'k0' }), 401, /no such key/],
  ['of an organisation that is no tenant', () => issuer.sign({ ...developer, org: 'other' }), 403, /no tenant/],
  ['of no organisation', () => issuer.sign({ ...developer, org: undefined }), 403, /no tenant/],
  ['of two organisations', () => issuer.sign({ ...developer, org: ['acme', 'globex'] }), 403, /no tenant/],
  ['of the operator', () => issuer.sign({ ...developer, org: 'platform' }), 403, /no tenant/],
  ['without a role', () => issuer.sign({ org: 'acme' }), 403, /no role/],
  ['with a role that is none', () => issuer.sign({ org: 'acme', roles: ['gardeners'] }), 403, /no role/],
  ['with a role by our own word', () => issuer.sign({ org: 'acme', roles: ['admin'] }), 403, /no role/],
];

it.each(refused)('lets in no token %s', async (_what, make, status, message) => {
  const answer = await api(await make()).get('/planes');
  expect(answer.body).toMatchObject({
    success: false,
    error: {
      code: status === 401 ? 'authentication_failed' : 'authorization_failed',
      reason: status === 401 ? 'MISSING_IDENTITY' : 'ACCESS_DENIED',
      message: expect.stringMatching(message),
    },
  });
  expect(answer.status).toBe(status);
  expect(answer.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer error="invalid_token"' : null);
});

it('lets in no token that is not signed, or signed with what everybody can read', async () => {
  const { keys } = (await (await fetch(`${issuer.issuer}/jwks`)).json()) as { keys: JsonWebKey[] };
  const pem = createPublicKey({ key: keys[0] as JsonWebKey, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  const claims = b64({ ...usualClaims(issuer.issuer), ...developer });
  const none = `${b64({ alg: 'none', typ: 'at+jwt' })}.${claims}.`;
  const head = `${b64({ alg: 'HS256', typ: 'at+jwt', kid: keys[0]?.kid })}.${claims}`;
  const shared = `${head}.${createHmac('sha256', pem as string)
    .update(head)
    .digest('base64url')}`;
  for (const token of [none, shared]) {
    const answer = await api(token).get('/planes');
    expect(answer.body.error).toMatchObject({
      message: expect.stringContaining('signed in a way that is not allowed'),
    });
    expect(answer.status).toBe(401);
  }
});

it('lets in no token in which anything was changed, and none that is no token', async () => {
  const [header, , signature] = (await issuer.sign(developer)).split('.');
  const changed = `${header}.${b64({ ...usualClaims(issuer.issuer), org: 'acme', roles: ['owners'] })}.${signature}`;
  expect((await api(changed).get('/planes')).body.error.message).toContain('signature is wrong');
  for (const token of ['a.b.c', `${b64('{}')}.${b64('[]')}.`, `${b64({ alg: 'ES256' })}.${b64('null')}.x`]) {
    const { status, body } = await api(token).get('/planes');
    expect({ token, status, message: body.error.message }).toEqual({
      ...{ token, status: 401 },
      message: expect.stringContaining('not accepted'),
    });
  }
});

it('shows each organisation its own tenant, whatever else the token or the request says', async () => {
  const mine = api(await issuer.sign({ ...developer, org: 'acme', tenant_id: tenantId(1), roles: ['owners'] }));
  const theirs = api(await issuer.sign({ ...developer, org: 'globex', roles: ['owners'] }));
  const { body } = await mine.post('/policies', { name: 'ours', conditions: {} });
  const id = body.data.policy_id as string;
  expect((await mine.get(`/policies/${id}`)).status).toBe(200);
  expect((await theirs.get(`/policies/${id}`)).status).toBe(404);
  const { rows } = await stack.owner.query('select tenant_id from policies where policy_id = $1', [id]);
  expect(rows).toEqual([{ tenant_id: tenantId() }]);
});

it('gives each token its own roles, also where the same person shows two', async () => {
  const owner = api(await issuer.sign({ org: 'acme', sub: 'two hats', roles: ['owners'] }));
  const helper = api(await issuer.sign({ org: 'acme', sub: 'two hats', roles: ['helpers'] }));
  expect((await owner.get('/api-keys')).status).toBe(200);
  expect((await helper.get('/planes')).status).toBe(403);
  expect((await owner.post('/api-keys', { name: 'k', role: 'viewer' })).status).toBe(201);
  expect((await helper.post('/api-keys', { name: 'k', role: 'viewer' })).status).toBe(403);
});

it('lets the operator in by the issuer that is his, and nobody else by it', async () => {
  const operator = api(await operators.sign({ org: 'acme', roles: ['owners'] }));
  expect((await operator.post('/ops/tenants', { name: 'by token' })).status).toBe(201);
  expect((await operator.get('/planes')).status).toBe(403);
  const owner = api(await issuer.sign({ org: 'acme', roles: ['owners'] }));
  expect((await owner.post('/ops/tenants', { name: 'not mine' })).status).toBe(403);
  // What one issuer signs does not become the word of another.
  const foreign = await issuer.sign({ iss: operators.issuer });
  expect((await api(foreign).get('/governance/switches')).status).toBe(401);
});

it('makes no schedule for a token, which would end before the schedule does', async () => {
  const client = api(await issuer.sign(developer));
  const { body } = await client.post('/planes', {
    name: 'scheduled',
    sources: [{ source_type: 'upload', name: 'up', config: {} }],
  });
  const answer = await client.put(`/planes/${body.data.plane_id}/sync-schedule`, { interval_seconds: 86_400 });
  expect(answer.status).toBe(403);
});

it('decides nothing while the keys of the issuer cannot be had', async () => {
  const token = `${b64({ alg: 'ES256', typ: 'at+jwt', kid: 'k1' })}.${b64({ ...usualClaims(down), ...developer })}.x`;
  const answer = await api(token).get('/planes');
  expect(answer.body.error).toMatchObject({ code: 'service_unavailable', retry_after_seconds: 5 });
  expect(answer.status).toBe(503);
});

it('neither logs nor stores a token', async () => {
  const token = await issuer.sign(developer);
  expect((await api(token).get('/planes')).status).toBe(200);
  const [, , signature = ''] = token.split('.');
  expect(stack.logLines.join('\n')).not.toContain(signature);
  const { rows } = await stack.owner.query(
    `select count(*)::int as n from audit_events where convert_from(payload_bytes, 'utf8') like '%' || $1 || '%'`,
    [signature],
  );
  expect(rows).toEqual([{ n: 0 }]);
});

it('names itself as a resource that these issuers open', async () => {
  const { body } = await rawCall(stack, { method: 'GET', path: '/.well-known/oauth-protected-resource/mcp' });
  expect(body).toMatchObject({ authorization_servers: [issuer.issuer, operators.issuer, down] });
});

describe('an identity', () => {
  const admin = () => stack.api();
  const idOf = async (subject: string) => {
    const { body } = await admin().get('/identities');
    return body.data.items.find((each: { subject: string }) => each.subject === subject)?.identity_id as string;
  };

  it('is listed with who it is and what its tokens may do', async () => {
    expect((await api(await issuer.sign({ ...developer, sub: 'listed' })).get('/planes')).status).toBe(200);
    expect(
      (await api(await issuer.sign({ org: 'acme', sub: 'listed', roles: ['owners'] })).get('/planes')).status,
    ).toBe(200);
    const { body } = await admin().get('/identities');
    expect(body.data.items).toContainEqual({
      identity_id: expect.stringMatching(/^idn_[0-9a-f]{32}$/),
      ...{ issuer: issuer.issuer, subject: 'listed', status: 'active', roles: ['admin', 'developer'] },
      ...{ roles_until: expect.any(String), first_seen_at: expect.any(String) },
      ...{ blocked_at: null, blocked_by: null, block_reason: null },
    });
    expect((await stack.api('admin', 1).get('/identities')).body.data.items).not.toContainEqual(
      expect.objectContaining({ subject: 'listed' }),
    );
  });

  it('that is blocked gets in with no token, old or new, until it is let in again', async () => {
    const token = await issuer.sign({ ...developer, sub: 'blocked' });
    expect((await api(token).get('/planes')).status).toBe(200);
    const path = `/identities/${await idOf('blocked')}`;
    expect((await api(token).post(`${path}/block`, { reason: 'no' })).status).toBe(403);
    expect((await admin().post(`${path}/block`, { reason: 'left' })).body.data.status).toBe('blocked');
    for (const shown of [token, await issuer.sign({ org: 'acme', sub: 'blocked', roles: ['owners'] })]) {
      const answer = await api(shown).get('/planes');
      expect({ status: answer.status, message: answer.body.error.message }).toEqual({
        ...{ status: 401, message: expect.stringContaining('is blocked here') },
      });
    }
    expect((await admin().post(`${path}/block`, { reason: 'again' })).status).toBe(409);
    expect((await admin().post(`${path}/unblock`, { reason: 'a mistake' })).body.data.status).toBe('active');
    expect((await api(token).get('/planes')).status).toBe(200);
    const { rows } = await stack.owner.query(
      `select event_type from audit_events where resource_id = $1 and event_type like 'Identity%' and outcome = 'success'
        order by ordinal`,
      [await idOf('blocked')],
    );
    expect(rows.map(({ event_type: type }) => type)).toEqual(['IdentityBlocked', 'IdentityUnblocked']);
  });

  it('that is blocked does nothing more with what its token began', async () => {
    const token = await issuer.sign({ ...developer, sub: 'working' });
    expect((await api(token).get('/planes')).status).toBe(200);
    const identityId = await idOf('working');
    const { rows } = await stack.owner.query('select token_grant_id from iam_identity_roles where identity_id = $1', [
      identityId,
    ]);
    const later = {
      ...stack.as('developer'),
      actor: { id: identityId, type: 'human' as const, tokenGrantId: rows[0]?.token_grant_id as string },
    };
    const register = (name: string) =>
      stack.dispatch(later, 'knowledge.planes.register', {
        params: { name, sources: [{ source_type: 'upload', name: 'up', config: {} }] } as never,
        idempotencyKey: name,
      });
    await expect(register('before')).resolves.toBeDefined();
    await admin().post(`/identities/${identityId}/block`, { reason: 'left' });
    await expect(register('after')).rejects.toMatchObject({ code: 'authorization_failed' });
  });

  it('that is blocked hears it on the stream that it has open', async () => {
    const token = await issuer.sign({ ...developer, sub: 'following' });
    const made = await api(token).post('/planes', {
      name: 'followed',
      sources: [{ source_type: 'upload', name: 'up', config: {} }],
    });
    const planeId = made.body.data.plane_id as string;
    const stream = await openEventStream({ url: stack.url, apiKey: token, planeId });
    await until(() => stream.seen.length >= 1);
    await admin().post(`/identities/${await idOf('following')}/block`, { reason: 'left' });
    let changes = 0;
    await until(async () => {
      await stack.owner.query('update knowledge_planes set description = $2, updated_at = now() where plane_id = $1', [
        planeId,
        String((changes += 1)),
      ]);
      return stream.seen.some(({ event }) => event === 'end');
    });
    await stream.ended;
    expect(stream.seen.at(-1)).toMatchObject({ event: 'end', data: { code: 'authentication_failed' } });
  });

  it('is found in its own tenant only', async () => {
    const id = await idOf('listed');
    const answer = await stack.api('admin', 1).post(`/identities/${id}/block`, { reason: 'theirs' });
    expect(answer.status).toBe(404);
  });

  it('may be given a limit of its own by the operator', async () => {
    const body = {
      subject_type: 'key',
      subject_id: await idOf('listed'),
      requests: 1,
      seconds: 86_400,
      reason: 'test',
    };
    expect((await stack.operatorApi.post('/ops/rate-limits', body)).status).toBeLessThan(300);
    const listed = api(await issuer.sign({ ...developer, sub: 'listed' }));
    await listed.get('/planes');
    const refusal = await listed.get('/planes');
    expect(refusal.body.error).toMatchObject({ reason: 'RATE_LIMIT_EXCEEDED' });
    expect(refusal.status).toBe(429);
  });
});
