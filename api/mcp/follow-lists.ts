import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { isPermitted, type Permission, type Role } from '../../contracts/roles';
import type { AgentList, OfferLine } from '../../operations/tools/offers';
import { permissionToRead } from './list-contents';
import { permissionsOfTool } from './list-tools';
import { requireServer } from './require-server';
import type { GatewayServices, Listing } from './session';

export interface FollowedLists {
  readonly services: Pick<GatewayServices, 'prisma' | 'offers'>;
  readonly listing: Listing;
  readonly lists: readonly AgentList[];
  /** With which roles whoever listens may go on; throws when not at all. */
  readonly readmit: () => Promise<{ readonly roles: readonly Role[] }>;
  /** How long the answer to that holds while there is nothing to tell. */
  readonly readmitMs: number;
  readonly signal: AbortSignal;
}

/**
 * Tells which lists are no longer what they were when it answered, to a caller who may have what his roles allow: what only
 * others are offered is no change. It ends with the signal, and fails as reading the lists would.
 */
export async function followLists(following: FollowedLists): Promise<AsyncIterable<AgentList>> {
  const { services, listing, lists, readmit, readmitMs, signal } = following;
  const { feed, release } = services.offers.take(listing.tenantId, listing.server);
  signal.addEventListener('abort', release, { once: true });
  // What others who listen there were told last may be older than this answer.
  await feed.look();
  while (feed.offers === undefined) await feed.looked(signal);
  let { offers } = feed;
  let asked = listing.roles;
  let admittedAt = performance.now();
  if (offers.length === 0) await requireServer(services, listing);
  const told = new Map(lists.map((list) => [list, printOf(offers, list, listing.roles)]));
  return changes();

  async function* changes(): AsyncGenerator<AgentList> {
    for (;;) {
      await feed.looked(signal);
      if (feed.offers === offers && performance.now() - admittedAt < readmitMs) continue;
      const { roles } = await readmit();
      admittedAt = performance.now();
      if (feed.offers === offers && isDeepStrictEqual(roles, asked)) continue;
      asked = roles;
      offers = feed.offers ?? [];
      if (offers.length === 0) await requireServer(services, listing);
      for (const list of lists) {
        const print = printOf(offers, list, roles);
        if (print === told.get(list)) continue;
        told.set(list, print);
        yield list;
      }
    }
  }
}

/** All that a list holds for these roles, as one value to compare. */
function printOf(offers: readonly OfferLine[], list: AgentList, roles: readonly Role[]): string {
  const own = offers.filter(
    (line) => line.list === list && permissionsOf(line).every((permission) => isPermitted(roles, permission)),
  );
  return createHash('sha256')
    .update(own.map(({ digest, serverName, toolName }) => JSON.stringify([serverName, toolName, digest])).join())
    .digest('hex');
}

function permissionsOf(line: OfferLine): Permission[] {
  if (line.list === 'tools') return permissionsOfTool(line);
  return [permissionToRead(line.serverName ?? '', line.list === 'prompts' ? 'prompts/get' : 'resources/read')];
}
