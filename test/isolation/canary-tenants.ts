import { ask, anActivePlane, type ActivePlane } from '../support/active-plane';
import type { ApiClient } from '../support/api-client';
import { decided } from '../support/decided';
import { newKey } from '../support/operations';
import type { TestStack } from '../support/stack';
import { untilDiscovered } from '../support/tool-discoveries';

/** Words that belong to one tenant each. */
export const canaries = ['canaryalpha7311', 'canarybravo9427'] as const;

export interface Tenant {
  readonly tenantId: string;
  readonly api: ApiClient;
  readonly canary: string;
  readonly plane: ActivePlane;
  readonly ids: Readonly<Record<string, string>> & { plane_id: string; policy_id: string; document_id: string };
}

/** A tenant with its canary in every text that it can leave anywhere. */
export async function furnish(stack: TestStack, tenant: 0 | 1): Promise<Tenant> {
  const api = stack.api('admin', tenant);
  const canary = canaries[tenant];
  const plane = await anActivePlane(api, `plane ${canary}`, {
    files: {
      [`${canary}.md`]: `The ${canary} sings in the common meadow. Write to ${canary}@example.com.`,
      'unreadable.json': `{"${canary}": `,
    },
    extra: {
      description: `about ${canary}`,
      sources: [{ source_type: 'upload', name: `source ${canary}`, config: {} }],
      unreadable_tolerance: 1,
    },
    conditions: { redact_at: 'restricted' },
  });
  await api.put(`/planes/${plane.planeId}/sync-schedule`, { interval_seconds: 86_400 });
  const key = await api.post('/api-keys', { name: `key ${canary}`, role: 'viewer' });
  const identityId = `idn_${String(tenant).repeat(32)}`;
  await stack.owner.query(
    `insert into iam_identities (identity_id, tenant_id, issuer, subject) values ($1, $2, 'https://id.invalid', $3)`,
    [identityId, stack.keys.tenants[tenant]?.tenant_id, canary],
  );
  const policy = await api.post('/policies', { name: `policy ${canary}`, description: canary, conditions: {} });
  const template = await api.post('/sql-templates', {
    name: `template ${canary}`,
    description: canary,
    sql: `select '${canary}' as id`,
    columns: { id: 'id' },
  });
  const credential = await api.post('/credentials', {
    name: `credential ${canary}`,
    type: 'bearer_token',
    secret: { token: canary },
    description: canary,
    metadata: { about: canary },
  });
  const server = await aServer(stack, tenant);
  await api.post('/governance/kill-switch', {
    enabled: true,
    kind: 'degraded',
    scope: 'plane',
    scope_id: plane.planeId,
    reason: `reason ${canary}`,
  });
  await api.post('/governance/mode', { mode: 'NORMAL', scope: 'plane', scope_id: plane.planeId, reason: canary });
  await api.post(`/lifecycle/${plane.planeId}/transition`, { action: canary, reason: canary });
  await api.post('/planes', {
    name: `plane ${canary}`,
    sources: [{ source_type: 'upload', name: canary, config: {} }],
  });
  const answer = await ask(api, plane.planeId, `where is ${canary}`);
  const snapshots = await api.get('/policies/snapshots');
  const degraded = { scope: 'plane', scope_id: plane.planeId, kind: 'degraded', reason: canary };
  const thrown = await api.post('/governance/kill-switch', { ...degraded, enabled: true });
  await api.post('/governance/kill-switch', { ...degraded, enabled: false });
  const written = await decided(() => api.post('/evidence/export', {}));
  return {
    tenantId: stack.keys.tenants[tenant]?.tenant_id ?? '',
    api,
    canary,
    plane,
    ids: {
      plane_id: plane.planeId,
      document_id: plane.documentIds[`${canary}.md`] ?? '',
      policy_id: policy.body.data.policy_id,
      ...server,
      credential_id: credential.body.data.credential_id,
      key_id: key.body.data.key_id,
      identity_id: identityId,
      template_id: template.body.data.template_id,
      switch_id: thrown.body.data.switch_id,
      snapshot_id: snapshots.body.data.items[0].snapshot_id,
      evidence_id: answer.body.data.evidence_id,
      export_id: written.body.data.export_id,
    },
  };
}

/** A server that nobody can reach, with a tool that was seen when somebody could, and a call of it that waits. */
async function aServer(stack: TestStack, tenant: 0 | 1): Promise<Readonly<Record<string, string>>> {
  const canary = canaries[tenant];
  const api = stack.api('admin', tenant);
  const { body } = await api.post('/integrations/mcp-servers', {
    name: `server-${canary}`,
    url: `https://${canary}.invalid/mcp`,
    description: `about ${canary}`,
    tags: [canary],
    metadata: { about: canary },
  });
  const serverId = body.data.server_id as string;
  await untilDiscovered(stack.owner, serverId);
  const tool = { name: `read_${canary}`, description: `Reads ${canary}.`, inputSchema: { type: 'object' } };
  await stack.dispatch(stack.as('admin', tenant), 'tools.servers.record_discovery', {
    params: {
      serverId,
      discovery: {
        ...{ protocol_version: '2025-11-25', capabilities: ['tools'], latency_ms: 1, tools: [tool] },
        contents: [{ kind: 'prompt', name: canary, definition: { name: canary } }],
        ...{ resource_count: 0, prompt_count: 0, rejected: [], server_info: { name: canary, version: '1' } },
      },
    },
    idempotencyKey: newKey(),
  });
  const tools = await api.get(`/integrations/mcp-servers/${serverId}/tools`);
  const toolId = tools.body.data.items[0].tool_id as string;
  const path = `/integrations/mcp-servers/${serverId}/tools/${toolId}/invoke`;
  const { status, body: held } = await api.post(path, { input: { about: canary } });
  expect({ status, held }).toMatchObject({ status: 202 });
  const { invocation_id, approval_id } = held.data;
  return { server_id: serverId, tool_id: toolId, invocation_id, approval_id };
}
