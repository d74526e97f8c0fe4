import { Pool } from 'pg';
import { z } from 'zod';
import type { ExecutionContext } from '../../contracts/execution-context';
import { EngineError } from '../../contracts/errors';
import type { Scope } from '../../contracts/switches';
import { catalogue } from '../../operations/catalogue';
import { defineOperation } from '../../operations/define';
import { createDispatch } from '../../operations/registry';
import { createDatabase } from '../../operations/transaction/database';
import { newKey, type TestOperations } from '../../test/support/operations';

/** One scope, who throws there, and who works in it. */
export interface Lane {
  readonly scope: Scope;
  thrower(): ExecutionContext;
  writer(): ExecutionContext;
  /** A row that the scope names. */
  readonly seed?: string;
}

export interface Throwing {
  readonly acknowledgedMs: number[];
  /** Ids of the events of commits behind an acknowledgement. */
  readonly lateCommits: string[];
  commits: number;
  refusals: number;
}

const writersPerLane = 3;

const commit = (fence: 'fenced' | 'outcome-of-opened-intent') =>
  defineOperation({
    name: 'bench.work.commit',
    permission: 'write:planes',
    params: z.strictObject({ type: z.string(), id: z.string() }),
    fence,
    answer: 'fresh',
    scopes: ({ params: { type, id } }) => (type === 'tenant' || type === 'global' ? [] : [{ type, id } as Scope]),
    loadFacts: async () => ({}),
    async handle(work, { params }) {
      work.audit({ type: 'StageProgressed', outcome: 'success', evidence: { stage: params.type, counts: {} } });
      return {};
    },
  });

/** Carries out the throws, the lanes side by side and each one after the other; ends when all are released again. */
export async function startThrowing(
  core: TestOperations,
  { lanes, throws, isFenced }: { lanes: readonly Lane[]; throws: number; isFenced: boolean },
): Promise<Throwing> {
  const url = core.database.appUrl;
  const pool = (connectionsMax: number, applicationName: string) =>
    createDatabase({ url, connectionsMax, applicationName });
  const [db, switchDb, operatorDb] = [
    pool(lanes.length * writersPerLane, 'bench'),
    pool(4, 'bench-switch'),
    pool(1, 'bench-operator'),
  ];
  const watching = new Pool({ connectionString: core.database.ownerUrl, max: lanes.length });
  const operation = commit(isFenced ? 'fenced' : 'outcome-of-opened-intent');
  const dispatch = createDispatch({
    catalogue: { ...catalogue, 'bench.work.commit': operation },
    ...{ db, switchDb, operatorDb, onCommitted: () => {} },
  });
  const done: Throwing = { acknowledgedMs: [], lateCommits: [], commits: 0, refusals: 0 };
  for (const { seed } of lanes) if (seed !== undefined) await core.owner.query(seed);

  async function lane({ scope, thrower, writer }: Lane, count: number): Promise<void> {
    let isOver = false;
    // Attempts that began at or after this mark have seen the switch.
    const attempts = Array.from({ length: writersPerLane }, () => 0);
    const write = async (index: number) => {
      while (!isOver) {
        try {
          await dispatch(writer(), 'bench.work.commit', { params: { ...scope }, idempotencyKey: newKey() });
          done.commits += 1;
        } catch (error) {
          if (!(error instanceof EngineError) || error.reason !== 'SWITCH_ENGAGED') throw error;
          done.refusals += 1;
        }
        attempts[index] = (attempts[index] ?? 0) + 1;
      }
    };
    const writers = attempts.map((_, index) => write(index));
    const change = (enabled: boolean) =>
      dispatch(thrower(), 'governance.switches.change', {
        params: {
          ...{ scope: scope.type, kind: 'kill', enabled, reason: 'bench' },
          ...(scope.id !== '' && { scopeId: scope.id }),
        },
        idempotencyKey: newKey(),
      });
    const everyoneTries = async (times: number) => {
      const marks = attempts.map((each) => each + times);
      while (attempts.some((each, index) => each < (marks[index] ?? 0))) await new Promise(setImmediate);
    };
    const throwOnce = async () => {
      await everyoneTries(1);
      const thrownAt = performance.now();
      await change(true);
      done.acknowledgedMs.push(performance.now() - thrownAt);
      const { rows } = await watching.query<{ snapshot: string }>('select pg_current_snapshot()::text as snapshot');
      // Two, since the attempt in flight may have begun before.
      await everyoneTries(2);
      done.lateCommits.push(...(await committedSince(rows[0]?.snapshot ?? '')));
      await change(false);
    };
    const committedSince = async (snapshot: string) => {
      const { rows } = await watching.query<{ event_id: string }>(
        `select event_id from audit_events where xact_id >= pg_snapshot_xmin($1::pg_snapshot)
          and not pg_visible_in_snapshot(xact_id, $1::pg_snapshot)
          and action = 'bench.work.commit' and event_type = 'StageProgressed' and evidence->>'stage' = $2`,
        [snapshot, scope.type],
      );
      return rows.map(({ event_id }) => event_id);
    };
    try {
      for (let thrown = 0; thrown < count; thrown += 1) await throwOnce();
    } finally {
      isOver = true;
      await Promise.all(writers);
    }
  }

  try {
    const share = Math.floor(throws / lanes.length);
    await Promise.all(
      lanes.map((each, index) => lane(each, index === 0 ? throws - share * (lanes.length - 1) : share)),
    );
  } finally {
    await Promise.all([db.destroy(), switchDb.destroy(), operatorDb.destroy(), watching.end()]);
  }
  return done;
}
