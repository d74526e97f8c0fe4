import ipaddr from 'ipaddr.js';
import { isWebPort } from './web-ports';

export interface Destination {
  readonly hostname: string;
  /** As resolved, or the literal that stood in the URL. */
  readonly address: string;
  readonly port: number;
}

/**
 * True for web ports of public addresses, and for what an operator named as `host:port` (by name or by address).
 * IPv4 in any of its spellings, and wrapped into IPv6, counts as the IPv4 address that it is.
 */
export function isReachable({ hostname, address, port }: Destination, allowed: readonly string[]): boolean {
  const names = [hostname, address].map((name) => (name.includes(':') ? `[${name.replace(/^\[|\]$/g, '')}]` : name));
  if (names.some((name) => allowed.includes(`${name.toLowerCase()}:${port}`))) return true;
  return isWebPort(port) && isPublic(address.replace(/^\[|\]$/g, ''));
}

// What ipaddr.js knows no special use of it calls unicast: in IPv6 that is public only where addresses are handed out.
const globalUnicast = ipaddr.parseCIDR('2000::/3') as [ipaddr.IPv6, number];

function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast') return false;
  return parsed.kind() === 'ipv4' || parsed.match(globalUnicast);
}
