/** What the bodies below speak of. */
export interface KnownIds {
  readonly plane_id: string;
  readonly policy_id: string;
  readonly document_id: string;
}

let made = 0;

/** A body that each operation with a JSON body accepts or, by the state of things, refuses; names are always fresh. */
export function validBody(operationId: string, { plane_id, policy_id, document_id }: KnownIds): object | undefined {
  made += 1;
  const name = `made ${made}`;
  const bodies: Readonly<Record<string, object>> = {
    'planes.register': { name, sources: [{ source_type: 'upload', name: 'up', config: {} }] },
    'planes.bind_policy': { policy_id },
    'planes.unbind_policy': { policy_id },
    'planes.schedule.set': { interval_seconds: 86_400 },
    'lifecycle.transition': { action: 'verify_knowledge_plane', reason: 'test' },
    'policies.create': { name, enforcement_mode: 'BLOCK', conditions: { allowed_plane_ids: [plane_id] } },
    'policies.lifecycle': { target: 'ACTIVE', reason: 'test' },
    'policies.simulate': { policy_id },
    'policies.snapshots.create': {},
    'sql_templates.create': { name, sql: 'select 1 as id', columns: { id: 'id' } },
    'retrieval.execute': { plane_id, action: 'retrieve', payload: { document_ids: [document_id] } },
    'knowledge.query': { query: 'anything' },
    'evidence.export': { plane_id },
    'governance.kill_switch': { enabled: true, reason: 'test', scope: 'plane', scope_id: plane_id, kind: 'degraded' },
    'governance.mode': { mode: 'DEGRADED', reason: 'test', scope: 'plane', scope_id: plane_id },
    'governance.resume_pause': { reason: 'test' },
    'effects.resolve': { outcome: 'failed', reason: 'test' },
    'credentials.store': { name, type: 'bearer_token', secret: { token: 'a token' } },
    'credentials.rotate': { secret: { token: 'another token' } },
    'tools.invoke': { input: {} },
    'servers.register': { name: `made-${made}`, url: `https://tools.invalid/${made}` },
    'servers.change': { requires_approval: false },
    'servers.approve_definitions': {
      tools: [{ tool_id: 'tool_000000000000', seen_hash: '0'.repeat(64) }],
      reason: 'test',
    },
    'tools.change': { enabled: false },
    'tools.grant': { reason: 'test' },
    'calls.resolve': { outcome: 'failed', reason: 'test' },
    'approvals.decide': { decision: 'approve', reason: 'test' },
    'api_keys.create': { name, role: 'viewer' },
    'identities.block': { reason: 'test' },
    'identities.unblock': { reason: 'test' },
    'ops.tenants.create': { name },
    'ops.tenants.modes.set': { mode: 'ENFORCE', reason: 'test' },
    'ops.rate_limits.set': { subject_type: 'plane', subject_id: plane_id, requests: 1000, seconds: 1, reason: 'test' },
  };
  return bodies[operationId];
}
