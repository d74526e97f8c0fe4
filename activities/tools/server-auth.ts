import type { ResolvedCredential } from '../adapters/vault/port';
import type { ReadSecret, UpstreamAuth } from '../adapters/mcp/port';

/** How requests are authorized with this credential; undefined when it does not hold what the way asks for. */
export function authOf(authType: string, { fields }: ResolvedCredential, url: string): UpstreamAuth | undefined {
  switch (authType) {
    case 'api_key': {
      const { api_key: key, header } = fields;
      if (key === undefined) return undefined;
      return { type: 'api_key', ...(header !== undefined && { header }), read: always({ api_key: key }) };
    }
    case 'bearer': {
      const { token } = fields;
      return token === undefined ? undefined : { type: 'bearer', read: always({ token }) };
    }
    case 'basic': {
      const { username, password } = fields;
      if (username === undefined || password === undefined) return undefined;
      return { type: 'basic', read: always({ username, password }) };
    }
    case 'oauth': {
      const { client_id: id, client_secret: secret, token_url: tokenUrl, scope } = fields;
      if (id === undefined || secret === undefined || tokenUrl === undefined) return undefined;
      const read = always({ client_id: id, client_secret: secret });
      // RFC 8707: a token for this server is of no use at another.
      return { type: 'oauth', tokenUrl, ...(scope !== undefined && { scope }), resource: url, read };
    }
    default:
      return undefined;
  }
}

function always<Secret>(secret: Secret): ReadSecret<Secret> {
  return async () => secret;
}
