import { ApiClient } from '../support/api-client';
import { openEventStream } from '../support/event-stream';
import { startOidcIssuer, type TestIssuer } from '../support/oidc-issuer';
import { issuerRule } from '../support/oidc-rule';
import { startTestStack, type TestStack } from '../support/stack';
import { until } from '../support/until';

let stack: TestStack;
let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await startOidcIssuer();
  stack = await startTestStack({
    egressAllow: [issuer.host],
    oidcIssuers: (core) => [issuerRule(issuer.issuer, core)],
  });
});
afterAll(async () => {
  await stack?.stop();
  await issuer?.stop();
});

const api = (token: string) => new ApiClient(stack.url, token);
const developer = { org: 'acme', roles: ['developers'] };

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

  it('is blocked under a kill too, which a newcomer with the right may release', async () => {
    const token = await issuer.sign({ ...developer, sub: 'killed' });
    expect((await api(token).get('/planes')).status).toBe(200);
    const path = `/identities/${await idOf('killed')}`;
    const kill = { enabled: true, reason: 'test', scope: 'tenant', kind: 'kill' };
    expect((await admin().post('/governance/kill-switch', kill)).status).toBe(200);
    expect((await admin().post(`${path}/block`, { reason: 'left' })).status).toBe(200);
    expect((await api(token).get('/planes')).status).toBe(401);
    expect((await admin().post(`${path}/unblock`, { reason: 'no' })).body.error.reason).toBe('SWITCH_ENGAGED');
    const newcomer = api(await issuer.sign({ org: 'acme', sub: 'newcomer', roles: ['owners'] }));
    expect((await newcomer.post('/governance/kill-switch', { ...kill, enabled: false })).status).toBe(200);
    expect((await admin().post(`${path}/unblock`, { reason: 'a mistake' })).status).toBe(200);
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
