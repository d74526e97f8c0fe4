import { setTimeout as sleep } from 'node:timers/promises';
import { createSealer } from '../../operations/sealing/sealer';
import { readSealingState, sealingTrouble } from '../../operations/sealing/sealing-state';
import { createDatabase } from '../../operations/transaction/database';
import type { Say } from '../stack/terminal';

const patienceMs = 10_000;

/** Seals what waits, beside a worker or without one, before a copy of the database is made. Says what could not be sealed. */
export async function sealBefore({
  url,
  signingKeyFile,
  say,
}: {
  url: string;
  signingKeyFile: string;
  say: Say;
}): Promise<void> {
  const db = createDatabase({ url, connectionsMax: 2, applicationName: 'aos-audit' });
  try {
    const sealer = createSealer({ db, signingKeyFile });
    const deadline = Date.now() + patienceMs;
    let failure: string | undefined;
    let sealed = 0;
    do {
      sealed += await sealer.seal().catch((error: Error) => {
        failure = error.message;
        return 0;
      });
      const state = await readSealingState(db);
      if (state.unsealed === 0) {
        say(`Evidence is sealed: ${sealed} events by this command, the rest before.`);
        return;
      }
      if (failure !== undefined || state.halted > 0) break;
      await sleep(100);
    } while (Date.now() < deadline);
    const why = failure ?? sealingTrouble(await readSealingState(db), 0) ?? 'unknown';
    say(`Warning: not all evidence could be sealed (${why}). What is left is sealed where it is restored.`);
  } finally {
    await db.destroy();
  }
}
