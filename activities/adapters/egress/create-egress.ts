import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import { EngineError } from '../../../contracts/errors';
import { isReachable } from './is-reachable';

export interface EgressOptions {
  /** Private destinations that are let through, as `host:port`. */
  readonly allowed: readonly string[];
  /** Time to connect. */
  readonly connectTimeoutMs?: number;
}

/**
 * The one way out over HTTP. Literal addresses are checked as well as resolved ones, since a resolver is never asked for
 * a literal; the connection then goes to the checked address, so that a second answer of the resolver changes nothing.
 * Redirects are left to the caller, and each would come through here again.
 */
export function createEgress({ allowed, connectTimeoutMs = 10_000 }: EgressOptions): Dispatcher {
  const allowList = allowed.map((entry) => entry.toLowerCase());
  const connect = buildConnector({ timeout: connectTimeoutMs });
  return new Agent({
    connect(options, callback) {
      const port = Number(options.port || (options.protocol === 'https:' ? 443 : 80));
      chooseAddress({ hostname: options.hostname, port, allowed: allowList }).then(
        (address) =>
          connect({ ...options, hostname: address, servername: options.servername ?? serverName(options) }, callback),
        (error: unknown) => callback(error as Error, null),
      );
    },
  });
}

async function chooseAddress({
  hostname,
  port,
  allowed,
}: {
  hostname: string;
  port: number;
  allowed: readonly string[];
}): Promise<string> {
  const bare = hostname.replace(/^\[|\]$/g, '');
  const candidates = isIP(bare) === 0 ? await resolve(bare) : [bare];
  const address = candidates.find((candidate) => isReachable({ hostname: bare, address: candidate, port }, allowed));
  if (address !== undefined && candidates.length > 0) return address;
  throw new EngineError(
    'policy_violation',
    `${bare}:${port} is not a public address; name it in AOS_EGRESS_ALLOW if it may be reached`,
  );
}

async function resolve(hostname: string): Promise<string[]> {
  try {
    return (await lookup(hostname, { all: true })).map(({ address }) => address);
  } catch (error) {
    throw new EngineError('network_error', `${hostname} cannot be resolved`, { cause: error });
  }
}

// The certificate is that of the name, not of the address; a literal has none.
function serverName({ hostname }: { hostname: string }): string {
  return isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? hostname : '';
}
