import { randomUUID } from 'node:crypto';
import { anActivePlane } from '../support/active-plane';
import { decided } from '../support/decided';
import { expectFailure } from '../support/failure-envelope';
import { fillPath, readOperations, type ApiOperation } from '../support/openapi';
import { rawCall } from '../support/raw-call';
import { startTestStack, type TestStack } from '../support/stack';
import { validBody, type KnownIds } from '../support/valid-bodies';

type Role = 'admin' | 'developer' | 'viewer' | 'auditor' | 'agent' | 'operator';
const roles: readonly Role[] = ['admin', 'developer', 'viewer', 'auditor', 'agent', 'operator'];

const writers: readonly Role[] = ['admin', 'developer'];
const readers: readonly Role[] = ['admin', 'developer', 'viewer', 'auditor'];
const checkers: readonly Role[] = ['admin', 'developer', 'auditor'];

/** Who may do what: written down a second time, so that a change of roles or routes is a decision. */
const mayCall: Readonly<Record<string, readonly Role[]>> = {
  'planes.register': writers,
  'planes.list': readers,
  'planes.get': readers,
  'planes.bind_policy': ['admin'],
  'planes.unbind_policy': ['admin'],
  'planes.reclassify': writers,
  'classification.get': readers,
  'classification.documents': readers,
  'planes.schedule.set': writers,
  'planes.schedule.get': readers,
  'planes.schedule.pause': writers,
  'planes.schedule.resume': writers,
  'planes.schedule.delete': writers,
  'documents.upload': writers,
  'documents.list': readers,
  'documents.delete': writers,
  'findings.list': readers,
  'lifecycle.state': readers,
  'lifecycle.stages': readers,
  'lifecycle.events': readers,
  'lifecycle.audit': [...checkers, 'operator'],
  'lifecycle.transition': writers,
  'policies.create': ['admin'],
  'policies.list': readers,
  'policies.get': readers,
  'policies.lifecycle': ['admin'],
  'policies.simulate': ['admin'],
  'policies.shadow': readers,
  'policies.snapshots.create': ['admin'],
  'policies.snapshots.list': readers,
  'policies.snapshots.get': readers,
  'sql_templates.create': ['admin'],
  'sql_templates.list': checkers,
  'sql_templates.get': checkers,
  'sql_templates.retire': ['admin'],
  'retrieval.execute': ['admin', 'developer', 'agent'],
  'knowledge.query': ['admin', 'developer', 'agent'],
  'evidence.list': checkers,
  'evidence.get': checkers,
  'governance.kill_switch': ['admin', 'operator'],
  'governance.mode': ['admin', 'operator'],
  'governance.state': [...checkers, 'operator'],
  'governance.switches': [...checkers, 'operator'],
  'governance.switch_report': [...checkers, 'operator'],
  'governance.pauses': [...checkers, 'operator'],
  'governance.resume_pause': writers,
  'governance.boot_status': [...readers, 'operator'],
  'effects.list': [...checkers, 'operator'],
  'effects.resolve': ['admin'],
  'audit.events': [...checkers, 'operator'],
  'audit.checkpoint': [...checkers, 'operator'],
  'audit.proof.inclusion': [...checkers, 'operator'],
  'audit.proof.consistency': [...checkers, 'operator'],
  'evidence.export': ['admin', 'auditor', 'operator'],
  'exports.list': [...checkers, 'operator'],
  'exports.get': [...checkers, 'operator'],
  'exports.file': ['admin', 'auditor', 'operator'],
  'credentials.store': ['admin'],
  'credentials.list': ['admin', 'auditor'],
  'credentials.get': ['admin', 'auditor'],
  'credentials.rotate': ['admin'],
  'credentials.delete': ['admin'],
  'credentials.access': ['admin', 'auditor'],
  'tools.invoke': ['admin', 'developer', 'agent'],
  'servers.register': ['admin'],
  'servers.list': checkers,
  'servers.get': checkers,
  'servers.change': ['admin'],
  'servers.unregister': ['admin'],
  'servers.discover': ['admin'],
  'servers.health': checkers,
  'servers.tools': checkers,
  'servers.approve_definitions': ['admin'],
  'tools.change': ['admin'],
  'tools.grant': ['admin'],
  'tools.revoke': ['admin'],
  'calls.list': checkers,
  'calls.get': checkers,
  'calls.resolve': ['admin'],
  'calls.withdraw': ['admin', 'developer', 'agent'],
  'approvals.list': checkers,
  'approvals.get': checkers,
  'approvals.decide': ['admin'],
  'identities.list': ['admin', 'auditor'],
  'identities.block': ['admin'],
  'identities.unblock': ['admin'],
  'api_keys.create': ['admin'],
  'api_keys.list': ['admin', 'auditor'],
  'api_keys.revoke': ['admin'],
  'ops.tenants.create': ['operator'],
  'ops.tenants.modes.get': ['operator'],
  'ops.tenants.modes.set': ['operator'],
  'ops.tenants.modes.clear': ['operator'],
  'ops.rate_limits.list': ['operator'],
  'ops.rate_limits.get': ['operator'],
  'ops.rate_limits.set': ['operator'],
  'ops.rate_limits.clear': ['operator'],
};

let stack: TestStack;
let operations: ApiOperation[];
let ids: KnownIds & Readonly<Record<string, string>>;
let keys: Readonly<Record<Role, string>>;
beforeAll(async () => {
  stack = await startTestStack();
  const api = stack.api();
  operations = (await readOperations(api)).filter(({ isPublic }) => !isPublic);
  const { planeId, policyId, documentIds } = await anActivePlane(api, 'known', {
    files: { 'a.md': 'A known document.' },
  });
  ids = { plane_id: planeId, policy_id: policyId, document_id: documentIds['a.md'] ?? '' };
  const agent = await api.post('/api-keys', { name: 'agent', role: 'agent' });
  const { admin_key, developer_key, viewer_key, auditor_key } = stack.keys.tenants[0] ?? fail();
  keys = {
    admin: admin_key,
    developer: developer_key,
    viewer: viewer_key,
    auditor: auditor_key,
    agent: agent.body.data.key,
    operator: stack.keys.operator_key,
  };
});
afterAll(() => stack.stop());

function fail(): never {
  throw new Error('the stack has no tenant');
}

async function call(operation: ApiOperation, key: string, requestId = `r-${randomUUID()}`) {
  const json = validBody(operation.id, ids);
  const ask = () =>
    rawCall(stack, {
      method: operation.method,
      path: fillPath(operation, ids),
      headers: {
        authorization: `Bearer ${key}`,
        'x-request-id': requestId,
        ...(json !== undefined && { 'content-type': 'application/json' }),
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
    });
  return { answer: await (operation.id === 'evidence.export' ? decided(ask) : ask()), requestId };
}

test('every operation has its line in the table', () => {
  expect(operations.map(({ id }) => id).toSorted()).toEqual(Object.keys(mayCall).toSorted());
});

test.each(roles.toReversed())('%s', async (role) => {
  for (const operation of operations) {
    const { answer, requestId } = await call(operation, keys[role]);
    const isAllowed = answer.body?.error?.code !== 'authorization_failed' && answer.status !== 401;
    expect({ role, operation: operation.id, isAllowed }).toEqual({
      role,
      operation: operation.id,
      isAllowed: mayCall[operation.id]?.includes(role),
    });
    expect(answer.status).toBeLessThan(500);
    if (isAllowed) continue;
    expectFailure(operation.id, answer, { status: 403, code: 'authorization_failed', requestId });
    const { rows } = await stack.owner.query(
      `select event_type, outcome, action, error_code from audit_events where request_id = $1`,
      [requestId],
    );
    expect(rows).toEqual([
      { event_type: 'AccessRefused', outcome: 'blocked', action: operation.id, error_code: 'authorization_failed' },
    ]);
  }
});

test('payloads of audit events are for admin and auditor', async () => {
  const seen = await Promise.all(
    (['admin', 'auditor', 'developer'] as const).map(async (role) => {
      const { status } = await stack.api(role).get('/audit/events?include=payload');
      return [role, status];
    }),
  );
  expect(seen).toEqual([
    ['admin', 200],
    ['auditor', 200],
    ['developer', 403],
  ]);
});

test('a tenant throws no global switch, and releases none of the operator', async () => {
  const change = { enabled: true, reason: 'test', kind: 'degraded' };
  const { tenant_id: tenantId = '' } = stack.keys.tenants[0] ?? {};
  expect(await stack.api().post('/governance/kill-switch', { ...change, scope: 'global' })).toMatchObject({
    status: 403,
  });
  const mine = { ...change, scope: 'tenant', scope_id: tenantId };
  expect(await stack.operatorApi.post('/governance/kill-switch', mine)).toMatchObject({ status: 200 });
  expect(await stack.api().post('/governance/kill-switch', { ...mine, enabled: false })).toMatchObject({ status: 404 });
  expect((await stack.api().get('/governance/state')).body.data.mode).toBe('DEGRADED');
  expect(await stack.operatorApi.post('/governance/kill-switch', { ...mine, enabled: false })).toMatchObject({
    status: 200,
  });
  expect((await stack.api().get('/governance/state')).body.data.mode).toBe('NORMAL');
});

test('a key that is revoked or has run out opens nothing, at once', async () => {
  const made = async () => (await stack.api().post('/api-keys', { name: 'short', role: 'admin' })).body.data;
  const revoked = await made();
  const expired = await made();
  await stack.api().delete(`/api-keys/${revoked.key_id}`);
  await stack.owner.query(`update api_keys set expires_at = now() where key_id = $1`, [expired.key_id]);
  for (const { key } of [revoked, expired]) {
    for (const operation of operations) {
      const { answer } = await call(operation, key);
      expect({ operation: operation.id, status: answer.status }).toEqual({ operation: operation.id, status: 401 });
    }
  }
});

test('a suspended tenant reads and writes nothing, but may still stop things and revoke keys', async () => {
  const neighbour = stack.keys.tenants[1] ?? fail();
  const spare = (await stack.api('admin', 1).post('/api-keys', { name: 'spare', role: 'viewer' })).body.data;
  await stack.owner.query(`update tenants set status = 'suspended' where tenant_id = $1`, [neighbour.tenant_id]);
  const exempt = new Set([
    ...['governance.kill_switch', 'governance.mode', 'api_keys.revoke', 'identities.block', 'credentials.delete'],
  ]);
  const asked = operations.filter(({ id }) => !exempt.has(id) && !id.startsWith('ops.'));
  for (const operation of asked) {
    const { answer, requestId } = await call(operation, neighbour.admin_key);
    expectFailure(operation.id, answer, { status: 403, code: 'tenant_suspended', requestId });
    expect(answer.body.error.reason).toBe('TENANT_INACTIVE');
  }
  const api = stack.api('admin', 1);
  const kill = { enabled: true, reason: 'test', scope: 'tenant', kind: 'kill' };
  expect(await api.post('/governance/kill-switch', kill)).toMatchObject({ status: 200 });
  expect(await api.delete(`/api-keys/${spare.key_id}`)).toMatchObject({ status: 200 });
});
