import { ApiClient } from '../support/api-client';
import { startOidcIssuer, type TestIssuer } from '../support/oidc-issuer';
import { issuerRule } from '../support/oidc-rule';
import { rawCall } from '../support/raw-call';
import { startTestStack, type TestStack } from '../support/stack';

let stack: TestStack;
let issuer: TestIssuer;
let operators: TestIssuer;
const service = { client_id: 'service', client_secret: 's3cret', claims: { org: 'acme', roles: ['developers'] } };

beforeAll(async () => {
  [issuer, operators] = await Promise.all([startOidcIssuer([service]), startOidcIssuer()]);
  stack = await startTestStack({
    egressAllow: [issuer.host, operators.host],
    oidcIssuers: (core) => [
      issuerRule(issuer.issuer, core),
      issuerRule(operators.issuer, core, { tenant: { id: 'platform' }, roles: { given: ['operator'] } }),
    ],
  });
});
afterAll(async () => {
  await stack?.stop();
  await Promise.all([issuer?.stop(), operators?.stop()]);
});

const tenantId = (n: 0 | 1 = 0) => stack.keys.tenants[n]?.tenant_id ?? '';
const api = (token: string) => new ApiClient(stack.url, token);
const developer = { org: 'acme', roles: ['developers'] };

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
  expect(body).toMatchObject({ authorization_servers: [issuer.issuer, operators.issuer] });
});
