import { callBarriers, workBarriers, type BarrierName } from '../../barriers';
import { type manners } from '../fixtures/manners';
import type { Draw } from '../random';
import { applicationNames, type ApplicationName } from '../stack/stack';

export const faultIds = [
  ...(['F1', 'F2', 'F3', 'F4', 'F5', 'F6', 'F7', 'F8', 'F9'] as const),
  ...(['F10', 'F11', 'F12', 'F13'] as const),
];
export type FaultId = (typeof faultIds)[number];

export const faultTitles: Readonly<Record<FaultId, string>> = {
  F1: 'worker killed, at once or at a barrier',
  F2: 'API killed, at once or within a call of a tool',
  F3: 'process stopped for 15 s',
  F4: 'Temporal server killed',
  F5: 'Postgres stopped with -m immediate, again and again',
  F6: 'answers to commits lost',
  F7: 'partition',
  F8: 'connections reset, stalled, delayed',
  F9: 'disk of Postgres full; clock of a worker an hour off',
  F10: 'source and embedder misbehave',
  F11: 'poison documents',
  F12: 'changed workflow code with old runs open',
  F13: 'tampered tables',
};

/** One injection, complete: what is done when, to whom, for how long. Durations in milliseconds. */
export type Injection =
  | { readonly kind: 'kill'; readonly target: ApplicationName; readonly barrier?: `${BarrierName}:${number}` }
  | { readonly kind: 'kill-api'; readonly downMs: number }
  | { readonly kind: 'freeze'; readonly target: (typeof applicationNames)[number]; readonly forMs: number }
  | { readonly kind: 'kill-temporal'; readonly downMs: number }
  | { readonly kind: 'stop-postgres'; readonly everyMs: readonly number[]; readonly awayMs: number }
  | { readonly kind: 'lose-commits'; readonly share: number; readonly forMs: number }
  | {
      readonly kind: 'partition';
      readonly target: 'worker1' | 'worker2';
      readonly from: 'postgres' | 'temporal';
      readonly forMs: number;
    }
  | { readonly kind: 'weather'; readonly forMs: number }
  | { readonly kind: 'new-version' }
  | { readonly kind: 'disk-full'; readonly forMs: number }
  | {
      readonly kind: 'clock';
      readonly target: 'worker1' | 'worker2';
      readonly offsetMs: number;
      readonly forMs: number;
    }
  | {
      readonly kind: 'misbehave';
      readonly sink: 'http-source' | 'embedder';
      readonly manner: Exclude<(typeof manners)[number], 'well'>;
      readonly share: number;
      readonly forMs: number;
    };

const workers = ['worker1', 'worker2'] as const;
const hourMs = 3_600_000;

/** How each fault that happens at moments is drawn; the others happen once (F12), last the whole run (F11) or are a mode (F13). */
export const drawInjection: Readonly<Partial<Record<FaultId, (draw: Draw) => Injection>>> = {
  F1: (draw) => ({
    ...{ kind: 'kill', target: draw.pick(workers) },
    ...(draw.chance(0.7) && { barrier: `${draw.pick(workBarriers)}:${draw.between(1, 3)}` as const }),
  }),
  F2: (draw) =>
    draw.chance(0.5)
      ? { kind: 'kill', target: 'api', barrier: `${draw.pick(callBarriers)}:${draw.between(1, 3)}` }
      : { kind: 'kill-api', downMs: draw.between(100, 2_000) },
  F3: (draw) => ({ kind: 'freeze', target: draw.pick(applicationNames), forMs: 15_000 }),
  F4: (draw) => ({ kind: 'kill-temporal', downMs: draw.between(200, 4_000) }),
  F5: (draw) => ({
    kind: 'stop-postgres',
    everyMs: Array.from({ length: draw.between(1, 3) }, () => draw.between(5_000, 10_000)),
    awayMs: draw.between(300, 3_000),
  }),
  F6: (draw) => ({ kind: 'lose-commits', share: draw.pick([0.05, 0.2, 0.5]), forMs: draw.between(4_000, 10_000) }),
  F7: (draw) => ({
    ...{ kind: 'partition', target: draw.pick(workers), from: draw.pick(['postgres', 'temporal'] as const) },
    forMs: draw.between(3_000, 15_000),
  }),
  F8: (draw) => ({ kind: 'weather', forMs: draw.between(8_000, 15_000) }),
  F9: (draw) =>
    draw.chance(0.5)
      ? { kind: 'disk-full', forMs: draw.between(3_000, 6_000) }
      : {
          ...{ kind: 'clock', target: draw.pick(workers), offsetMs: draw.pick([hourMs, -hourMs]) },
          forMs: draw.between(8_000, 15_000),
        },
  F10: (draw) => ({
    ...{ kind: 'misbehave', sink: draw.pick(['http-source', 'embedder'] as const) },
    manner: draw.pick(['error', 'busy', 'hang', 'half', 'late'] as const),
    ...{ share: draw.pick([0.3, 1]), forMs: draw.between(4_000, 12_000) },
  }),
};
