import ipaddr from 'ipaddr.js';

export interface Destination {
  readonly hostname: string;
  /** As resolved, or the literal that stood in the URL. */
  readonly address: string;
  readonly port: number;
}

/**
 * True for public addresses, and for private ones that an operator named as `host:port` (by name or by address).
 * IPv4 in any of its spellings, and wrapped into IPv6, counts as the IPv4 address that it is.
 */
export function isReachable({ hostname, address, port }: Destination, allowed: readonly string[]): boolean {
  const names = [hostname, address].map((name) => (name.includes(':') ? `[${name.replace(/^\[|\]$/g, '')}]` : name));
  if (names.some((name) => allowed.includes(`${name.toLowerCase()}:${port}`))) return true;
  const bare = address.replace(/^\[|\]$/g, '');
  return ipaddr.isValid(bare) && ipaddr.process(bare).range() === 'unicast';
}
