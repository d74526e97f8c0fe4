import { OidcIssuersFile, type OidcIssuer } from './contracts/oidc-issuers';
import { readOperatorFile } from './operator-file';

/**
 * The identity providers that the operator's file names. Keys come over TLS, except from addresses that the operator has
 * opened. Throws a sentence about the file.
 */
export function readOidcIssuers(file: string, egressAllow: readonly string[]): readonly OidcIssuer[] {
  const { issuers } = readOperatorFile(file, { schema: OidcIssuersFile, what: 'issuers', isSecret: false });
  for (const { issuer, jwks_uri: jwksUri } of issuers) {
    for (const url of jwksUri === undefined ? [issuer] : [issuer, jwksUri]) {
      if (!mayGiveKeys(url, egressAllow)) {
        throw new Error(`names ${url}, which must start with https:// unless AOS_EGRESS_ALLOW names its address`);
      }
    }
  }
  return issuers;
}

/** Whether keys from there can be trusted to be those of who is named. */
export function mayGiveKeys(url: string, egressAllow: readonly string[]): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, port } = new URL(url);
  return protocol === 'https:' || egressAllow.includes(`${hostname}:${port || '80'}`.toLowerCase());
}
