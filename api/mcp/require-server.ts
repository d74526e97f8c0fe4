import { refusal } from '../../contracts/errors';
import { findServerNamed } from '../../prisma/reads/gateway';
import type { GatewayServices, Listing } from './session';

/** An empty list may be that of a server which is not there. */
export async function requireServer(
  { prisma }: Pick<GatewayServices, 'prisma'>,
  { tenantId, server }: Pick<Listing, 'tenantId' | 'server'>,
): Promise<void> {
  if (server === undefined || (await findServerNamed(prisma, tenantId, server)) !== undefined) return;
  throw refusal('SERVER_NOT_FOUND', `there is no server ${server}`);
}
