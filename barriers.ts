// Points of the work at which a fault test may stop the process for good; nothing happens there otherwise.

/** Those of relaying and of the work on planes, which any worker meets under load. */
export const workBarriers = [
  'outbox.before-delivery',
  'verify.before-finish',
  'ingest.page-stored',
  'ingest.page-committed',
  'index.batch-upserted',
  'index.batch-committed',
  'index.run-committed',
  'classify.batch-committed',
  'activate.endpoint-opened',
] as const;

/** Those of calls of tools, which the API meets. */
export const callBarriers = ['tool.intent-committed', 'tool.answered'] as const;

export type BarrierName =
  | (typeof workBarriers)[number]
  | (typeof callBarriers)[number]
  | 'seal.leaves-written'
  | 'seal.before-commit'
  | 'seal.committed'
  | 'seal.checkpoints-copied';

export type ReachBarrier = (name: BarrierName) => void;

/**
 * `NAME` or `NAME:COUNT`: the process kills itself when it reaches the barrier for the COUNT-th time, as `kill -9`
 * would. Without a setting the barriers do nothing.
 */
export function createBarriers(setting: string | undefined): ReachBarrier {
  if (setting === undefined) return () => {};
  const [target, count = '1'] = setting.split(':');
  let left = Number(count);
  return (name) => {
    if (name !== target) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
}
