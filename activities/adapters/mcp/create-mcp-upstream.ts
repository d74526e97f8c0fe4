import type { Client } from '@modelcontextprotocol/client';
import type { Dispatcher } from 'undici';
import type { ToolDefinition } from '../../../contracts/tools';
import { createTokenReader, type ReadToken } from './auth/client-credentials';
import { callTool } from './call-tool';
import type { Connection } from './connection';
import type { Exchange } from './exchange';
import { UpstreamFailure } from './failures';
import { createGate, type Gate } from './gate';
import { defaultLimits, type UpstreamLimits } from './limits';
import { listDefinitions, timeoutNever } from './list-definitions';
import { createOpener } from './open-connection';
import { createPool } from './pool';
import { read } from './read';
import type { CallAnswer, McpUpstream, NamedDefinition, ServerDescription, ToServer } from './port';
import { recent } from './recent';
import { createJails } from './stdio/confinement';

export interface McpUpstreamOptions {
  /** The guarded way out. */
  readonly egress: Dispatcher;
  readonly limits?: Partial<UpstreamLimits>;
  readonly now?: () => number;
}

const webGate = { failures: 5, firstMs: 30_000, longestMs: 300_000 };
/** A child that ends is started again after a second the first time, and then more and more slowly. */
const childGate = { failures: 1, firstMs: 1_000, longestMs: 60_000 };
const serversRemembered = 4_096;

/** Tool servers over streamable HTTP, the older event streams and stdio, with one connection to each. */
export function createMcpUpstream({ egress, limits: chosen, now = Date.now }: McpUpstreamOptions): McpUpstream {
  const limits = { ...defaultLimits, ...chosen };
  const gates = recent<Gate>(serversRemembered);
  const tokens = recent<ReadToken>(serversRemembered);
  const open = createOpener({ egress, jailFor: createJails(), limits, now });
  const pool = createPool({
    limits,
    open: (server) => open({ server, readToken: readTokenFor(server) }),
    gateOf: (server) =>
      gates.get(nameOf(server), () => createGate(server.transport === 'stdio' ? childGate : webGate, now)),
  });

  return {
    handshake: (input) => on(input, limits.requestTimeoutMs, async ({ facts }) => facts),
    listTools: (input) => request(input, (client, exchange) => list<ToolDefinition>(client, exchange, 'tools')),
    listResources: (input) =>
      request(input, (client, exchange) => list<NamedDefinition>(client, exchange, 'resources')),
    async listResourceTemplates(input) {
      try {
        return await request(input, (client, exchange) => list<NamedDefinition>(client, exchange, 'resourceTemplates'));
      } catch (error) {
        // One capability stands for both lists, and many servers have resources only.
        if (error instanceof UpstreamFailure && error.problem === 'not_supported') return nothingListed;
        throw error;
      }
    },
    listPrompts: (input) => request(input, (client, exchange) => list<NamedDefinition>(client, exchange, 'prompts')),
    async callTool({ server, signal, timeoutMs = limits.callTimeoutMs, ...call }): Promise<CallAnswer> {
      const input = { server, timeoutMs, ...(signal !== undefined && { signal }) };
      try {
        const result = await request(input, (client, exchange) => callTool(client, exchange, call));
        return { kind: 'result', result };
      } catch (error) {
        if (error instanceof UpstreamFailure) return { kind: 'failure', failure: error };
        throw error;
      }
    },
    read: ({ request: asked, ...input }) => request(input, (client, exchange) => read(client, exchange, asked)),
    async ping(input) {
      const began = performance.now();
      await request({ timeoutMs: limits.healthTimeoutMs, ...input }, async (client, { signal }) => {
        const options = { signal, timeout: timeoutNever };
        // The newer revision has no ping of its own.
        await (client.getProtocolEra() === 'modern' ? client.discover(options) : client.ping(options));
      });
      return performance.now() - began;
    },
    close: () => pool.close(),
  };

  function list<T extends { readonly name: string }>(client: Client, exchange: Exchange, kind: Kind) {
    return listDefinitions<T>(client, exchange, { kind, limits });
  }

  function request<T>(input: ToServer, work: (client: Client, exchange: Exchange) => Promise<T>): Promise<T> {
    const { server, signal, timeoutMs = limits.requestTimeoutMs } = input;
    const auth = server.transport === 'stdio' ? undefined : server.auth;
    return on(input, timeoutMs, (connection) => connection.request({ timeoutMs, signal, auth }, work));
  }

  function on<T>({ server, signal }: ToServer, timeoutMs: number, work: (connection: Connection) => Promise<T>) {
    return pool.use({ server, timeoutMs, signal }, work);
  }

  function readTokenFor(server: ServerDescription): ReadToken {
    const key = JSON.stringify([nameOf(server), server.credentialVersion]);
    return tokens.get(key, () => createTokenReader({ dispatcher: egress, timeoutMs: limits.requestTimeoutMs, now }));
  }
}

const nothingListed = { items: [], isTruncated: false, tooLarge: [] };

type Kind = Parameters<typeof listDefinitions>[2]['kind'];

function nameOf({ tenantId, serverId }: ServerDescription): string {
  return JSON.stringify([tenantId, serverId]);
}
