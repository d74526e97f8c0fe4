import { isIP } from 'node:net';
import { isReachable } from './is-reachable';

/**
 * False for a URL that could never be reached: a literal private address, a port where no web server listens. A name is
 * judged when it is resolved, at each connection.
 */
export function mayBeNamed(url: string, allowed: readonly string[]): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname, port, protocol } = new URL(url);
  const bare = hostname.replace(/^\[|\]$/g, '');
  const address = isIP(bare) === 0 ? publicExample(bare) : bare;
  const number = Number(port || (protocol === 'https:' ? 443 : 80));
  const allowList = allowed.map((entry) => entry.toLowerCase());
  return isReachable({ hostname: bare, address, port: number }, allowList);
}

// RFC 6761: these names never mean another machine, whatever a resolver says.
const localNames = /(?:^|\.)localhost\.?$/i;

function publicExample(hostname: string): string {
  return localNames.test(hostname) ? '127.0.0.1' : '1.1.1.1';
}
