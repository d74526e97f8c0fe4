import { setTimeout as sleep } from 'node:timers/promises';
import type { PrismaClient } from '../../prisma/client';
import type { McpDiscovery } from '../../prisma/generated/client';
import { findDiscovery } from '../../prisma/reads/tool-servers';

const waitMsMax = 30_000;
const pollMs = 150;

/** The discovery as soon as it has ended; as it stands when it takes longer than a caller may be kept waiting. */
export async function awaitDiscovery(
  prisma: PrismaClient,
  tenantId: string,
  discoveryId: string,
): Promise<McpDiscovery> {
  const giveUpAt = Date.now() + waitMsMax;
  for (;;) {
    const discovery = await findDiscovery(prisma, tenantId, discoveryId);
    if (discovery.state !== 'pending' || Date.now() >= giveUpAt) return discovery;
    await sleep(pollMs);
  }
}
