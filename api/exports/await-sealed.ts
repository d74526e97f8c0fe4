import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError } from '../../contracts/errors';
import type { PrismaClient } from '../../prisma/client';
import { readUnsealed } from '../../prisma/reads/sealed-events';

const waitMsMax = 8_000;
const pollMs = 150;
const retryAfterSeconds = 5;

/**
 * Returns when everything that had been committed is sealed. A tree whose sealing was halted is not waited for: the
 * answer says why it was, and how many events it leaves out. Throws `temporary_failure` when sealing does not keep up.
 */
export async function awaitSealed(
  prisma: PrismaClient,
  tenantId: string,
): Promise<{ readonly events: number; readonly reason: string } | null> {
  const giveUpAt = Date.now() + waitMsMax;
  for (;;) {
    const { count, haltedReason } = await readUnsealed(prisma, tenantId);
    if (haltedReason !== null) return { events: count, reason: haltedReason };
    if (count === 0) return null;
    if (Date.now() >= giveUpAt) {
      const said = count >= 100 ? 'a hundred events or more are' : count === 1 ? 'one event is' : `${count} events are`;
      const message = `${said} not sealed yet, and an export must not leave them out; see that a worker runs, and try again`;
      throw new EngineError('temporary_failure', message, { retryAfterSeconds, details: { unsealed: count } });
    }
    await sleep(pollMs);
  }
}
