/** Who may do what. A grant is `action:resource`, `action:*`, or `action:prefix:*` for resources with parts. */
export const roleGrants = {
  // The operator's tenant is the platform: what is exported is its own tree, and no tenant's.
  operator: [
    ...['manage:tenants', 'switch:global', 'manage:system', 'read:switches', 'read:audit', 'read:tenants'],
    ...['read:exports', 'export:audit'],
  ],
  admin: [
    'read:*',
    'write:*',
    'delete:*',
    'execute:*',
    'query:*',
    'decide:approvals',
    'manage:users',
    'manage:keys',
    'manage:policies',
    'manage:integrations',
    'switch:tenant',
    'export:audit',
    'read:audit_payload',
  ],
  developer: [
    ...['planes', 'retrieval', 'policies', 'runs', 'agents', 'limits', 'integrations', 'mcp', 'connectors'],
    ...['datasources', 'jobs', 'alerts', 'notifications', 'approvals', 'switches', 'audit', 'exports', 'logs'],
  ]
    .map((resource) => `read:${resource}`)
    .concat(['write:runs', 'write:agents', 'write:planes', 'write:datasources', 'execute:mcp:*', 'query:planes']),
  viewer: ['read:runs', 'read:agents', 'read:planes', 'read:policies', 'read:logs'],
  agent: ['execute:mcp:*', 'query:planes', 'read:own_runs'],
  auditor: ['read:*', 'read:audit_payload', 'export:audit'],
  schedule: ['write:planes'],
  system: ['read:*', 'write:*', 'system:execute'],
} as const satisfies Record<string, readonly string[]>;

export type Role = keyof typeof roleGrants;

/** Roles that a tenant may give to a key of its own. */
export const tenantRoles = ['admin', 'developer', 'viewer', 'agent', 'auditor'] as const satisfies readonly Role[];

export type Permission = `${string}:${string}`;

export function isRole(value: unknown): value is Role {
  return typeof value === 'string' && Object.hasOwn(roleGrants, value);
}

/** True when one of the roles grants the permission. */
export function isPermitted(roles: readonly Role[], permission: Permission): boolean {
  return roles.some((role) => roleGrants[role].some((grant) => covers(grant, permission)));
}

function covers(grant: string, permission: Permission): boolean {
  if (grant === permission) return true;
  return grant.endsWith('*') && permission.startsWith(grant.slice(0, -1));
}
