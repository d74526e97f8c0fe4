import { OidcIssuersFile, type OidcIssuer } from '../../contracts/oidc-issuers';
import { tokenAudience } from './oidc-issuer';
import type { TestOperations } from './operations';

/** What an operator might say of the test issuer: two organisations, and words of its own for roles. */
export function issuerRule(issuer: string, { keys }: Pick<TestOperations, 'keys'>, changes: object = {}): OidcIssuer {
  const [acme, globex] = keys.tenants.map(({ tenant_id: id }) => id);
  const { issuers } = OidcIssuersFile.parse({
    issuers: [
      {
        issuer,
        audience: tokenAudience,
        tenant: { claim: 'org', values: { acme, globex } },
        roles: { claim: 'roles', values: { owners: 'admin', developers: 'developer', helpers: 'agent' } },
        ...changes,
      },
    ],
  });
  return issuers[0] as OidcIssuer;
}
