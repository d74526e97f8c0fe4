import type { Dispatcher } from 'undici';
import type { ReadToken } from './auth/client-credentials';
import { connect, type Connection } from './connection';
import { UpstreamFailure } from './failures';
import { openWebTransport } from './http/open-web-transport';
import type { UpstreamLimits } from './limits';
import type { ChildServer, ServerDescription, WebServer } from './port';
import type { JailFor } from './stdio/confinement';
import { openChildTransport } from './stdio/open-child-transport';
import { watchTransport } from './watch-transport';

export interface OpenOptions {
  readonly egress: Dispatcher;
  readonly jailFor: JailFor;
  readonly limits: UpstreamLimits;
  readonly now: () => number;
}

export interface OpenInput {
  readonly server: ServerDescription;
  readonly readToken: ReadToken;
}

export function createOpener(options: OpenOptions): (input: OpenInput) => Promise<Connection> {
  return ({ server, readToken }) =>
    server.transport === 'stdio' ? openChild(server, options) : openWeb(server, readToken, options);
}

function openWeb(server: WebServer, readToken: ReadToken, { egress, limits, now }: OpenOptions): Promise<Connection> {
  const isOld = server.transport === 'sse';
  return connect({
    timeoutMs: limits.requestTimeoutMs,
    auth: server.auth,
    limits,
    speaks: isOld ? 'old' : 'any',
    isOneStream: isOld,
    open: (onTrouble) => ({
      ...openWebTransport({ server, egress, readToken, limits, now, onTrouble }),
      confinement: null,
    }),
  });
}

async function openChild(server: ChildServer, { jailFor, limits, now }: OpenOptions): Promise<Connection> {
  const jail = await jailFor(server);
  try {
    return await openWith('any');
  } catch (error) {
    // Some older servers end at a question that they do not know; they are to be greeted in their own way.
    const hasEnded = error instanceof UpstreamFailure && error.problem === 'connection_lost';
    if (!hasEnded || error.reached === 'notSent') throw error;
    return await openWith('old');
  }

  function openWith(speaks: 'any' | 'old'): Promise<Connection> {
    return connect({
      timeoutMs: limits.requestTimeoutMs,
      limits,
      speaks,
      isOneStream: false,
      open: (onTrouble) => ({
        transport: watchTransport(openChildTransport({ server, jail, limits, now, onTrouble }), {
          answersIn: 'channel',
          isChild: true,
          secrets: Object.values(server.env),
        }),
        confinement: { applied: jail.applied, missing: jail.missing },
        sayGoodbye: async () => {},
      }),
    });
  }
}
