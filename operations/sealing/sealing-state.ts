import { sql } from 'kysely';
import type { Database } from '../transaction/database';

/** Who holds sealing up: the oldest transaction of the server, of whatever database. */
export interface Blocker {
  /** Null for a prepared transaction, which no process has. */
  readonly pid: number | null;
  readonly application_name: string | null;
  readonly user: string | null;
  readonly state: string | null;
  readonly age_seconds: number | null;
}

export interface SealingState {
  /** Committed events without a leaf; counted up to a hundred thousand. */
  readonly unsealed: number;
  /** Age of the oldest of them; 0 when there is none. */
  readonly lagSeconds: number;
  /** Trees that were found changed and do not grow. */
  readonly halted: number;
  /** What keeps the sealer from sealing at all. */
  readonly trouble: string | null;
  readonly blockedBy: Blocker | null;
}

const countMax = 100_000;

/** How sealing stands at this moment. `db` is of the system role. */
export async function readSealingState(db: Database): Promise<SealingState> {
  const { rows } = await sql<SealingState>`select unsealed, lag_seconds as "lagSeconds", halted, trouble,
    blocked_by as "blockedBy" from aos_sealing_state(${countMax})`.execute(db);
  return rows[0] ?? { unsealed: 0, lagSeconds: 0, halted: 0, trouble: null, blockedBy: null };
}

/** A sentence on what is wrong with sealing; undefined while nothing is. */
export function sealingTrouble(state: SealingState, lagSecondsMax: number): string | undefined {
  const { unsealed, lagSeconds, halted, trouble, blockedBy } = state;
  const parts: string[] = [];
  if (trouble !== null) parts.push(trouble);
  if (halted > 0) parts.push(`${halted} trees were found changed and are halted`);
  if (lagSeconds > lagSecondsMax) {
    parts.push(
      `${unsealed} events wait, the oldest for ${Math.round(lagSeconds)} s${blockedBy === null ? '' : ` ${by(blockedBy)}`}`,
    );
  }
  return parts.length === 0 ? undefined : parts.join('; ');
}

function by({ pid, application_name: name, age_seconds: age }: Blocker): string {
  if (pid === null) return 'because of a prepared transaction';
  return `because of process ${pid} (${name || 'unnamed'})${age === null ? '' : `, in a transaction for ${Math.round(age)} s`}`;
}
