import type { Database } from '../transaction/database';
import { readSealingState, sealingTrouble, type SealingState } from './sealing-state';

export interface SealingWatch {
  readonly db: Database;
  readonly lagSecondsMax: number;
  readonly alarm: (state: SealingState, message: string) => void;
}

const repeatedMs = 60_000;

/** Returns a look that raises an alarm when sealing is behind or halted: at once, then every minute while it lasts. */
export function createSealingWatch({ db, lagSecondsMax, alarm }: SealingWatch): () => Promise<void> {
  let raised: { readonly at: number } | undefined;
  return async () => {
    const state = await readSealingState(db);
    const message = sealingTrouble(state, lagSecondsMax);
    if (message === undefined) raised = undefined;
    else if (raised === undefined || Date.now() - raised.at >= repeatedMs) {
      raised = { at: Date.now() };
      alarm(state, message);
    }
  };
}
