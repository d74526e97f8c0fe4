import { OidcIssuersFile, type OidcIssuer } from '../../contracts/oidc-issuers';
import { tokenAudience } from './oidc-issuer';

/** What an operator might say of the test issuer: two organisations, and words of its own for roles. */
export function issuerRule(issuer: string, tenants: readonly string[], changes: object = {}): OidcIssuer {
  const { issuers } = OidcIssuersFile.parse({
    issuers: [
      {
        issuer,
        audience: tokenAudience,
        tenant: { claim: 'org', values: { acme: tenants[0], globex: tenants[1] } },
        roles: { claim: 'roles', values: { owners: 'admin', developers: 'developer', helpers: 'agent' } },
        ...changes,
      },
    ],
  });
  return issuers[0] as OidcIssuer;
}
