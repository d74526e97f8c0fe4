import path from 'node:path';
import type { Express, Response } from 'express';
import helmet from 'helmet';
import { docsPath, page, startScript } from './page';

const assetFolder = path.dirname(require.resolve('swagger-ui-dist/package.json'));
const assets = { 'swagger-ui.css': 'text/css', 'swagger-ui-bundle.js': 'text/javascript' } as const;

// Everything comes from this server, and the page talks to nobody else.
const policy = helmet.contentSecurityPolicy({
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
});

/** The API for people: its document, shown by Swagger UI from this installation's own files. */
export function mountDocs(app: Express): void {
  app.get(docsPath, policy, (_req, res) => send(res, 'text/html', page));
  app.get(`${docsPath}/start.js`, (_req, res) => send(res, 'text/javascript', startScript));
  for (const [name, type] of Object.entries(assets)) {
    app.get(`${docsPath}/${name}`, (_req, res) => {
      res.set('Cache-Control', 'public, max-age=3600');
      // By `root`, since a folder of the installation's path may begin with a dot.
      res.type(type).sendFile(name, { root: assetFolder, etag: false, lastModified: false, cacheControl: false });
    });
  }
}

function send(res: Response, type: string, text: string): void {
  res.type(type).send(text);
}
