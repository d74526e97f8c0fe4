import { exitCodes } from '../../cli/exit-codes';

interface Answer {
  readonly status?: number;
  readonly exitCode?: number;
}

/**
 * Asks until there is an answer that is not of the moment: whose connections are all taken, or whose evidence waits for
 * transactions of other tests on this server before it can be sealed, asks to be asked again.
 */
export async function decided<T extends Answer>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer.status !== 503 && answer.exitCode !== exitCodes.tryLater) return answer;
  }
}
