import { localhostAllowedHostnames, validateHostHeader, validateOriginHeader } from '@modelcontextprotocol/server';
import type { IncomingHttpHeaders } from 'node:http';
import { refusal } from '../../contracts/errors';

export interface AllowedHosts {
  /** Names under which the gateway is reached, and whose pages may call it from a browser. */
  readonly names: readonly string[];
  /** False where the API listens to a network and nobody has said by which names it is known there. */
  readonly areHostsChecked: boolean;
}

export function allowedHosts({
  apiHost,
  mcpHosts,
}: {
  readonly apiHost: string;
  readonly mcpHosts: readonly string[];
}): AllowedHosts {
  const own = apiHost.includes(':') ? `[${apiHost}]` : apiHost;
  const loopback = localhostAllowedHostnames();
  return {
    names: [...loopback, own, ...mcpHosts],
    areHostsChecked: mcpHosts.length > 0 || loopback.includes(own),
  };
}

/** A page of a stranger that has the browser take our address for its own comes with its own name. */
export function requireKnownHost(
  { host, origin }: IncomingHttpHeaders,
  { names, areHostsChecked }: AllowedHosts,
): void {
  const known = [...names];
  if (!validateOriginHeader(origin, known).ok) throw unknown('origin', 'a page from there may not call the gateway');
  if (areHostsChecked && !validateHostHeader(host, known).ok)
    throw unknown('host', 'the gateway is not known by this name');
}

function unknown(field: string, what: string) {
  return refusal('ACCESS_DENIED', `${what}; the operator can name it in AOS_MCP_HOSTS`, { details: { field } });
}
