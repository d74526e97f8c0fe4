import { readFileSync } from 'node:fs';
import { OidcIssuersFile, type OidcIssuer } from './contracts/oidc-issuers';

/**
 * The identity providers that the operator's file names. Keys come over TLS, except from addresses that the operator has
 * opened. Throws a sentence about the file.
 */
export function readOidcIssuers(file: string, egressAllow: readonly string[]): readonly OidcIssuer[] {
  const parsed = OidcIssuersFile.safeParse(parseJson(textOf(file)));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(`does not hold issuers: ${(issue?.path ?? []).join('.') || 'the file'}: ${issue?.message}`);
  }
  for (const { issuer, jwks_uri: jwksUri } of parsed.data.issuers) {
    for (const url of jwksUri === undefined ? [issuer] : [issuer, jwksUri]) {
      if (!mayGiveKeys(url, egressAllow)) {
        throw new Error(`names ${url}, which must start with https:// unless AOS_EGRESS_ALLOW names its address`);
      }
    }
  }
  return parsed.data.issuers;
}

/** Whether keys from there can be trusted to be those of who is named. */
export function mayGiveKeys(url: string, egressAllow: readonly string[]): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, port } = new URL(url);
  return protocol === 'https:' || egressAllow.includes(`${hostname}:${port || '80'}`.toLowerCase());
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`names a file that cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('must name a file of JSON');
  }
}
