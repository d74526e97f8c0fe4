import type { RequestHandler } from 'express';
import { refusal } from '../../contracts/errors';
import type { Health } from '../health';

// Whoever looks for the cause must get through (health, metrics, documentation and schema), and whoever stops things.
const open =
  /^\/(healthz|readyz|version|metrics|docs(\/.*)?|api\/v1\/(openapi\.json|governance\/(boot-status|kill-switch|mode)))$/;
const retrySeconds = 2;

/** Refuses everything else while a part is missing without which no promise of the engine holds. */
export function bootGuard({ guard }: Pick<Health, 'guard'>): RequestHandler {
  return async (req, _res, next) => {
    if (open.test(req.path)) return next();
    const { ready, components } = await guard();
    if (ready) return next();
    const failed = Object.keys(components).filter((name) => components[name]?.healthy !== true);
    throw refusal(
      'SERVICE_UNAVAILABLE',
      `the boot check failed: ${failed.join(', ')}; see GET /governance/boot-status`,
      {
        details: { components: failed },
        retryAfterSeconds: retrySeconds,
      },
    );
  };
}
