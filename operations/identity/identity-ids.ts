import { hash } from 'node:crypto';
import type { Role } from '../../contracts/roles';

/** One subject of one issuer in one tenant, always by the same id: two people are two principals, and nobody is two. */
export function identityIdOf(tenantId: string, issuer: string, subject: string): string {
  return `idn_${digestOf([tenantId, issuer, subject])}`;
}

/** The roles that tokens of an identity bring. Those of a token that may do less stay apart from those of one that may do more. */
export function tokenGrantIdOf(identityId: string, roles: readonly Role[]): string {
  return `tgr_${digestOf([identityId, ...roles.toSorted()])}`;
}

// With lengths, so that (a, bc) and (ab, c) stay apart.
function digestOf(parts: readonly string[]): string {
  const named = parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join('');
  return hash('sha256', named, 'hex').slice(0, 32);
}
