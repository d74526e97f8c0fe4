import type { JSONWebKeySet } from 'jose';
import type { OidcIssuer } from '../../contracts/oidc-issuers';

export interface LoadKeysOptions {
  readonly issuer: Pick<OidcIssuer, 'issuer' | 'jwks_uri'>;
  readonly fetchJson: (url: string) => Promise<unknown>;
  /** Whether keys from this address are those of who is named. */
  readonly mayGiveKeys: (url: string) => boolean;
}

/** The keys of an issuer as it publishes them now, from where the operator says, else from where the issuer says. */
export async function loadKeys({ issuer, fetchJson, mayGiveKeys }: LoadKeysOptions): Promise<JSONWebKeySet> {
  const url = issuer.jwks_uri ?? (await discover(issuer.issuer, fetchJson));
  if (!mayGiveKeys(url)) throw new Error(`the keys of ${issuer.issuer} are not to be had over TLS`);
  return (await fetchJson(url)) as JSONWebKeySet;
}

async function discover(issuer: string, fetchJson: LoadKeysOptions['fetchJson']): Promise<string> {
  const found = (await fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)) as {
    readonly issuer?: unknown;
    readonly jwks_uri?: unknown;
  } | null;
  // Whoever answers for another issuer may not give keys for this one (OpenID Connect Discovery 4.3).
  if (found?.issuer !== issuer) throw new Error(`the metadata of ${issuer} names another issuer`);
  if (typeof found.jwks_uri !== 'string') throw new Error(`the metadata of ${issuer} names no keys`);
  return found.jwks_uri;
}
