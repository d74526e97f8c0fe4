import { createHmac, createPublicKey, type JsonWebKey } from 'node:crypto';
import { ApiClient } from '../support/api-client';
import { freePort } from '../support/free-port';
import { startOidcIssuer, usualClaims, type TestIssuer } from '../support/oidc-issuer';
import { issuerRule } from '../support/oidc-rule';
import { startTestStack, type TestStack } from '../support/stack';

let stack: TestStack;
let issuer: TestIssuer;
let down: string;
beforeAll(async () => {
  issuer = await startOidcIssuer();
  down = `http://127.0.0.1:${await freePort()}`;
  stack = await startTestStack({
    egressAllow: [issuer.host, new URL(down).host],
    oidcIssuers: (core) => [issuerRule(issuer.issuer, core), issuerRule(down, core)],
  });
});
afterAll(async () => {
  await stack?.stop();
  await issuer?.stop();
});

const api = (token: string) => new ApiClient(stack.url, token);
const developer = { org: 'acme', roles: ['developers'] };
const b64 = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

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

it('decides nothing while the keys of the issuer cannot be had', async () => {
  const token = `${b64({ alg: 'ES256', typ: 'at+jwt', kid: 'k1' })}.${b64({ ...usualClaims(down), ...developer })}.x`;
  const answer = await api(token).get('/planes');
  expect(answer.body.error).toMatchObject({ code: 'service_unavailable', retry_after_seconds: 5 });
  expect(answer.status).toBe(503);
});
