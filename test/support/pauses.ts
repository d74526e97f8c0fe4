import type { ApiClient } from './api-client';
import { closeVectors } from './gates';
import type { TestStack } from './stack';
import { until } from './until';

export interface PausedPlane {
  readonly planeId: string;
  readonly switchId: string;
  readonly pauseId: string;
  release(): Promise<void>;
}

/** How long work may wait, in seconds, though the API takes a minute at least; and what becomes of it then. */
export interface PauseTerms {
  readonly slaSeconds?: number;
  readonly onTimeout?: string;
}

/**
 * Throws a pause on the plane while its index stage is at work, and lets that stage end: the job behind it waits.
 * `register` begins an onboarding whose index stage has something to do.
 */
export async function pauseBehindIndex(
  stack: TestStack,
  register: (api: ApiClient) => Promise<string>,
  { slaSeconds, onTimeout }: PauseTerms = {},
): Promise<PausedPlane> {
  const api = stack.api();
  const vectors = await closeVectors(stack, stack.keys.tenants[0]?.tenant_id ?? '');
  const planeId = await register(api);
  await until(
    async () => {
      const { rowCount } = await stack.owner.query('select 1 from knowledge_index_runs where plane_id = $1', [planeId]);
      return rowCount === 1;
    },
    { what: 'the index run' },
  );
  const target = { scope: 'plane', scope_id: planeId, kind: 'pause', reason: 'drill' };
  const thrown = await api.post('/governance/kill-switch', {
    ...target,
    enabled: true,
    ...(onTimeout !== undefined && { on_timeout: onTimeout }),
  });
  const switchId = thrown.body.data.switch_id as string;
  if (slaSeconds !== undefined) {
    await stack.owner.query('update runtime_switches set sla_seconds = $2 where switch_id = $1', [
      switchId,
      slaSeconds,
    ]);
  }
  await vectors.open();
  let pauseId = '';
  await until(
    async () => {
      const { rows } = await stack.owner.query<{ pause_id: string }>(
        'select pause_id from run_pauses where plane_id = $1 order by paused_at desc limit 1',
        [planeId],
      );
      pauseId = rows[0]?.pause_id ?? '';
      return pauseId !== '';
    },
    { what: 'the pause' },
  );
  return {
    ...{ planeId, switchId, pauseId },
    release: async () => void (await api.post('/governance/kill-switch', { ...target, enabled: false })),
  };
}
