import { Alive, Ready, Version } from '../../contracts/api/system';
import { EngineError } from '../../contracts/errors';
import { route, type Route } from '../route';
import type { ApiServices } from '../services';

const common = { method: 'get', tag: 'System', permission: 'public', successStatus: 200, atRoot: true } as const;
const readyRetrySeconds = 2;

/** What load balancers and supervisors ask; no key is needed. */
export function systemRoutes({ health, version, startedAt }: ApiServices): Route[] {
  return [
    route(
      {
        ...common,
        path: '/healthz',
        operationId: 'system.alive',
        summary: 'The process is alive',
        data: Alive,
      },
      async () => ({ status: 'ok' as const }),
    ),
    route(
      {
        ...common,
        path: '/readyz',
        operationId: 'system.ready',
        summary: 'Whether requests can be served, by component',
        data: Ready,
        errors: ['service_unavailable'],
      },
      async () => {
        const { ready, components } = await health.ready();
        if (ready) return { ready, components };
        throw new EngineError('service_unavailable', 'not ready; the details name what is missing', {
          details: { ready, components },
          retryAfterSeconds: readyRetrySeconds,
        });
      },
    ),
    route(
      {
        ...common,
        path: '/version',
        operationId: 'system.version',
        summary: 'What runs here',
        data: Version,
      },
      async () => ({ name: 'aos', version, node: process.version, started_at: startedAt.toISOString() }),
    ),
  ];
}
