import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import { EngineError } from '../../../contracts/errors';
import { isReachable } from './is-reachable';

/** The addresses of a name. */
export type Lookup = (hostname: string) => Promise<readonly string[]>;

export interface EgressOptions {
  /** Private destinations that are let through, as `host:port`. */
  readonly allowed: readonly string[];
  /** Time to connect. */
  readonly connectTimeoutMs?: number;
  /** The system's resolver when absent. */
  readonly lookup?: Lookup;
}

type Connect = buildConnector.connector;
type ConnectOptions = Parameters<Connect>[0];
type Socket = Parameters<Parameters<Connect>[1]>[1];

// A name with many dead addresses is not to hold a connection slot for minutes.
const addressesTriedMax = 4;

/**
 * The one way out over HTTP. Literal addresses are checked as well as resolved ones, since a resolver is never asked for
 * a literal; the connection then goes to the checked address, so that a second answer of the resolver changes nothing.
 * Redirects are left to the caller, and each would come through here again.
 */
export function createEgress({
  allowed,
  connectTimeoutMs = 10_000,
  lookup: findAddresses = systemLookup,
}: EgressOptions): Dispatcher {
  const allowList = allowed.map((entry) => entry.toLowerCase());
  const connect = buildConnector({ timeout: connectTimeoutMs });
  return new Agent({
    connect(options, callback) {
      openChecked(options).then(
        (socket) => callback(null, socket as never),
        (error: unknown) => callback(error as Error, null),
      );
    },
  });

  async function openChecked(options: ConnectOptions): Promise<Socket> {
    const port = Number(options.port || (options.protocol === 'https:' ? 443 : 80));
    const hostname = options.hostname.replace(/^\[|\]$/g, '');
    const addresses = isIP(hostname) === 0 ? await resolve(hostname, findAddresses) : [hostname];
    const checked = addresses.filter((address) => isReachable({ hostname, address, port }, allowList));
    if (checked.length === 0) throw notReachable(hostname, port);
    // The certificate is that of the name, not of the address; a literal has none.
    const servername = options.servername ?? (isIP(hostname) === 0 ? hostname : '');
    let failure: unknown;
    for (const address of checked.slice(0, addressesTriedMax)) {
      try {
        return await opened(connect, { ...options, hostname: address, servername });
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }
}

function opened(connect: Connect, options: ConnectOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    connect(options, (error, socket) => (error === null ? resolve(socket) : reject(error)));
  });
}

async function resolve(hostname: string, findAddresses: Lookup): Promise<readonly string[]> {
  try {
    return await findAddresses(hostname);
  } catch (error) {
    throw new EngineError('network_error', `${hostname} cannot be resolved`, { cause: error });
  }
}

async function systemLookup(hostname: string): Promise<string[]> {
  return (await lookup(hostname, { all: true })).map(({ address }) => address);
}

function notReachable(hostname: string, port: number): EngineError {
  return new EngineError(
    'policy_violation',
    `${hostname}:${port} is not a public web address; name it in AOS_EGRESS_ALLOW if it may be reached`,
  );
}
