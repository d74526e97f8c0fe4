import type { Row } from './api-client';
import { exitCodes } from './exit-codes';
import { CliFailure } from './failures';
import type { Session } from './session';

const pollMs = 500;

/** Asks again until the discovery has ended, and returns the last answer. */
export async function awaitDiscovery(
  { run }: Session,
  timeoutSeconds: number,
  ask: () => Promise<{ readonly answer: Row; readonly discovery: Row | undefined }>,
): Promise<Row> {
  const giveUpAt = run.now() + timeoutSeconds * 1_000;
  for (;;) {
    const { answer, discovery } = await ask();
    if (discovery?.['state'] !== 'pending') return answer;
    if (run.now() >= giveUpAt) {
      const message = `timeout: the server has not been discovered within ${timeoutSeconds} s`;
      throw new CliFailure(message, exitCodes.tryLater, 'see that a worker runs: aos status');
    }
    await run.sleep(pollMs);
  }
}
