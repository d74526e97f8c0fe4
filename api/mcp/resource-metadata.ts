import type { Express, Request, Response } from 'express';
import { challengeOf } from '../middleware/bearer';

const wellKnown = '/.well-known/oauth-protected-resource';

/** Says how one gets in (RFC 9728): by tokens of these issuers, where any is trusted. Keys are made by an administrator. */
export function mountResourceMetadata(app: Express, tokenIssuers: readonly string[]): void {
  for (const path of ['', '/mcp', '/mcp/:server']) {
    app.get(`${wellKnown}${path}`, (req, res) => {
      const origin = originOf(req);
      res.json({
        resource: `${origin}${req.path.slice(wellKnown.length)}`,
        resource_name: 'AOS gateway',
        ...(tokenIssuers.length > 0 && { authorization_servers: tokenIssuers }),
        bearer_methods_supported: ['header'],
        resource_documentation: `${origin}/docs`,
      });
    });
  }
}

/** Scheme, host and port as the caller sees them; a proxy's word counts where proxies are trusted. */
export function originOf(req: Request): string {
  return `${req.protocol}://${req.host}`;
}

/** For a 401: where to read what is wanted (RFC 6750, RFC 9728). */
export function setChallenge(req: Request, res: Response): void {
  const metadata = `resource_metadata="${originOf(req)}${wellKnown}${encodeURI(req.path)}"`;
  res.set('WWW-Authenticate', challengeOf(req.headers.authorization, [metadata]));
}
