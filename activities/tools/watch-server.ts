import { currentContext } from '../../context';
import { EngineError } from '../../contracts/errors';
import { freezeContext } from '../../contracts/execution-context';
import { isWatched, type ServerStatus } from '../../contracts/tools';
import type { ReachedServer } from '../../operations/tools/calls/call-reads';
import { isWorthRecording } from '../../operations/tools/servers/health';
import type { HealthLook } from '../../operations/tools/servers/record-health';
import { attemptKey, stepKey } from '../attempt-key';
import { workSignal } from '../work-signal';
import type { ToolDependencies } from './dependencies';
import { isUnasked, troubleOf, wordsOf, type ServerTrouble } from './server-trouble';
import { toDiscovery } from './to-discovery';

export interface DiscoveryInput {
  readonly serverId: string;
  /** Null when the engine tries again by itself. */
  readonly discoveryId: string | null;
}

/** How a server stands after a look at it. */
export interface ServerLook {
  /** False when it is out of use, or gone: nobody looks at it any more. */
  readonly isWatched: boolean;
  readonly status: ServerStatus;
  readonly isHealthy: boolean;
}

const outOfUse: ServerLook = { isWatched: false, status: 'disabled', isHealthy: false };

/** The activities by which a server's workflow looks at it. */
export function createServerActivities({ dispatch, serverReads, upstream, describeServer }: ToolDependencies) {
  async function fail(
    { serverId, discoveryId }: DiscoveryInput,
    { code, message }: ServerTrouble,
  ): Promise<ServerLook> {
    // Whoever asked need not be allowed to write down what came of it.
    const recorder = freezeContext({ ...currentContext(), actor: { id: 'system:tool-server', type: 'system' } });
    const after = await dispatch(recorder, 'tools.servers.fail_discovery', {
      params: { serverId, discoveryId, code, message },
      idempotencyKey: attemptKey('fail-discovery'),
    });
    return { ...after, isHealthy: false };
  }

  async function readOffer(server: ReachedServer) {
    const to = {
      server: await describeServer(currentContext(), server, `discovery of ${server.server_id}`),
      signal: workSignal(),
    };
    const handshake = await upstream.handshake(to);
    const tools = await upstream.listTools(to);
    const resources = await upstream.listResources(to);
    const templates = await upstream.listResourceTemplates(to);
    const prompts = await upstream.listPrompts(to);
    return toDiscovery({ handshake, tools, resources, templates, prompts, latencyMs: await upstream.ping(to) });
  }

  async function lookAt(server: ReachedServer): Promise<HealthLook> {
    try {
      const described = await describeServer(currentContext(), server, `health of ${server.server_id}`);
      const latencyMs = Math.round(await upstream.ping({ server: described, signal: workSignal() }));
      return { healthy: true, latencyMs };
    } catch (error) {
      return { healthy: false, error: troubleOf(error).message };
    }
  }

  return {
    /** As whoever asked: what the server shows for the first time is pinned to him. */
    async discoverServer(input: DiscoveryInput): Promise<ServerLook> {
      const { serverId, discoveryId } = input;
      const context = currentContext();
      const server = await serverReads.findServer(context.tenantId, serverId);
      if (server === undefined || !isWatched(server.status)) {
        return fail(input, { code: 'invalid_state', message: 'the server is out of use' });
      }
      try {
        const { status } = await dispatch(context, 'tools.servers.record_discovery', {
          params: { serverId, discovery: await readOffer(server), ...(discoveryId !== null && { discoveryId }) },
          idempotencyKey: attemptKey('record-discovery'),
        });
        return { isWatched: isWatched(status), status, isHealthy: true };
      } catch (error) {
        return await fail(input, isUnasked(error) ? wordsOf(error) : troubleOf(error));
      }
    },

    /** Asks whether the server answers, and writes it down where that is news. */
    async checkServer({ serverId }: { readonly serverId: string }): Promise<ServerLook> {
      const context = currentContext();
      const server = await serverReads.findServer(context.tenantId, serverId);
      if (server === undefined || !isWatched(server.status)) return outOfUse;
      const before = { isWatched: true, status: server.status as ServerStatus };
      try {
        const look = await lookAt(server);
        if (!isWorthRecording(server, look, new Date())) return { ...before, isHealthy: look.healthy };
        const { status } = await dispatch(context, 'tools.servers.record_health', {
          params: { serverId, look },
          idempotencyKey: attemptKey('look'),
        });
        return { isWatched: isWatched(status), status, isHealthy: look.healthy };
      } catch (error) {
        if (isUnasked(error)) return { ...before, isHealthy: false };
        if (error instanceof EngineError && error.reason === 'SERVER_NOT_FOUND') return outOfUse;
        throw error;
      }
    },

    recordStoppedDiscovery: async ({ message, ...stopped }: StoppedDiscovery): Promise<void> => {
      await dispatch(currentContext(), 'tools.servers.record_stopped_discovery', {
        params: { ...stopped, message: message.slice(0, 1_000) },
        idempotencyKey: stepKey('stopped'),
      });
    },
  };
}

interface StoppedDiscovery extends DiscoveryInput {
  readonly code: string;
  readonly message: string;
}
