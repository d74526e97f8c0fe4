import type { JWTPayload } from 'jose';
import { refusal } from '../../contracts/errors';
import { platformTenantId, type ActorType } from '../../contracts/execution-context';
import type { OidcIssuer, RolesRule, TenantRule } from '../../contracts/oidc-issuers';
import { tenantRoles, type Role } from '../../contracts/roles';
import { identifier } from '../../contracts/text';

/** The one tenant that a token is for, as the operator's rule has it. Whether there is such a tenant is asked later. */
export function tenantOf(claims: JWTPayload, rule: TenantRule): string {
  if ('id' in rule) return rule.id;
  const value = claimAt(claims, rule.claim);
  const tenantId = typeof value === 'string' ? named(value, rule.values) : undefined;
  if (tenantId === platformTenantId || !identifier.safeParse(tenantId).success) throw noTenant();
  return tenantId as string;
}

export function noTenant() {
  return refusal('ACCESS_DENIED', 'the access token is for no tenant of this installation');
}

/** The roles that a token gives, each once. One that is no role is refused, unless the rule says which words count. */
export function rolesOf(claims: JWTPayload, rule: RolesRule): readonly Role[] {
  if ('given' in rule) return distinct(rule.given);
  const { claim, values } = rule;
  const given = wordsOf(claimAt(claims, claim));
  const roles = given.map((word) => named(word, values)).filter((role) => role !== undefined);
  const unknown = roles.find((role) => !(tenantRoles as readonly string[]).includes(role) && values === undefined);
  if (unknown !== undefined) throw refusal('ACCESS_DENIED', 'the access token gives a role that does not exist');
  if (roles.length === 0) throw refusal('ACCESS_DENIED', 'the access token gives no role of this installation');
  return distinct(roles as Role[]);
}

/** A client that acts for itself is its own subject (RFC 9068); whoever else signed in is a person. */
export function actorTypeOf(claims: JWTPayload, { actor }: Pick<OidcIssuer, 'actor'>): ActorType {
  if (actor !== undefined) return actor;
  const client = claims.client_id ?? claims.azp;
  return client === claims.sub ? 'machine' : 'human';
}

function claimAt(claims: JWTPayload, path: readonly string[]): unknown {
  let value: unknown = claims;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

function named(word: string, values: Readonly<Record<string, string>> | undefined): string | undefined {
  if (values === undefined) return word;
  return Object.hasOwn(values, word) ? values[word] : undefined;
}

// As an array, or as `scope` has it.
function wordsOf(value: unknown): string[] {
  if (typeof value === 'string') return value.split(' ').filter((word) => word !== '');
  return Array.isArray(value) ? value.filter((word) => typeof word === 'string') : [];
}

const distinct = (roles: readonly Role[]): readonly Role[] => [...new Set(roles)].toSorted();
