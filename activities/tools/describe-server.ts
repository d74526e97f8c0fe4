import { EngineError } from '../../contracts/errors';
import type { ExecutionContext } from '../../contracts/execution-context';
import { findOffered, type StdioServers } from '../../contracts/stdio-servers';
import type { ServerTransport } from '../../contracts/tools';
import type { ReachedServer } from '../../operations/tools/calls/call-reads';
import { UpstreamFailure, type ChildServer, type ServerDescription } from '../adapters/mcp/port';
import type { CredentialVault } from '../adapters/vault/port';
import { authOf } from './server-auth';

/**
 * How a server is reached, for as long as one activity works. Its secret is read once, here, so that the connection
 * belongs to the version that was read; an UpstreamFailure that was not sent says why it cannot be had.
 */
export type DescribeServer = (
  context: ExecutionContext,
  server: ReachedServer,
  purpose: string,
) => Promise<ServerDescription>;

export interface DescribeServerOptions {
  readonly vault: CredentialVault;
  /** What the operator lets tenants run. */
  readonly stdioServers: StdioServers;
}

export function createDescribeServer({ vault, stdioServers }: DescribeServerOptions): DescribeServer {
  return async (context, server, purpose) => {
    const { server_id: serverId, url, credential_id: credentialId } = server;
    if (server.transport === 'stdio') return describeChild(stdioServers, { tenantId: context.tenantId, serverId, url });
    const transport = webTransport(server.transport);
    const reached = { tenantId: context.tenantId, serverId, transport, url };
    if (server.auth_type === 'none') return { ...reached, auth: { type: 'none' } };
    if (credentialId === null) throw unavailable('no credential is named for it');
    const credential = await vault.resolve(context, { credentialId, purpose });
    if (credential === undefined) throw unavailable('it is deleted, or has run out');
    const auth = authOf(server.auth_type, credential, url);
    if (auth === undefined) throw unavailable(`it is of type ${credential.type}, and ${server.auth_type} is asked for`);
    return { ...reached, auth, credentialVersion: `${credentialId}/${credential.secretVersion}` };
  };
}

/** The operator's word counts as this process read it, whatever it was when the server was registered. */
function describeChild(
  servers: StdioServers,
  { tenantId, serverId, url }: { tenantId: string; serverId: string; url: string },
): ChildServer {
  const offered = findOffered(servers, tenantId, url);
  if (offered === undefined) {
    const message = `The operator offers no ${url} to this tenant.`;
    throw new UpstreamFailure({ problem: 'not_permitted', message }, 'notSent');
  }
  const { tenants: _, ...program } = offered;
  return { tenantId, serverId, transport: 'stdio', registeredBy: 'operator', ...program };
}

function webTransport(transport: string): Exclude<ServerTransport, 'stdio'> {
  if (transport === 'http' || transport === 'https' || transport === 'sse') return transport;
  throw new EngineError('unsupported_operation', `a server over ${transport} is not reached from here`);
}

function unavailable(why: string): UpstreamFailure {
  const message = `The credential of the server cannot be had: ${why}.`;
  return new UpstreamFailure({ problem: 'credential_unavailable', message }, 'notSent');
}
