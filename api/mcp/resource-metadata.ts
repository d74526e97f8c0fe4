import type { Express, Request, Response } from 'express';

const wellKnown = '/.well-known/oauth-protected-resource';

/** Says how one gets in (RFC 9728). Keys are made by an administrator: no authorization server is named while none is trusted. */
export function mountResourceMetadata(app: Express): void {
  for (const path of ['', '/mcp', '/mcp/:server']) {
    app.get(`${wellKnown}${path}`, (req, res) => {
      const origin = originOf(req);
      res.json({
        resource: `${origin}${req.path.slice(wellKnown.length)}`,
        resource_name: 'AOS gateway',
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
  const error = req.headers.authorization === undefined ? [] : ['error="invalid_token"'];
  const metadata = `resource_metadata="${originOf(req)}${wellKnown}${encodeURI(req.path).replaceAll('"', '%22')}"`;
  res.set('WWW-Authenticate', `Bearer ${[...error, metadata].join(', ')}`);
}
