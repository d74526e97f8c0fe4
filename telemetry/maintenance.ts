import { Counter } from 'prom-client';
import type { Metrics } from './metrics';

/** Counts the turns of the worker's standing tasks. */
export function countTurns({ registry }: Metrics) {
  const turns = new Counter({
    name: 'aos_maintenance_turns_total',
    help: 'Turns of relay, reconciler, sweeper and the like',
    labelNames: ['task', 'outcome'],
    registers: [registry],
  });
  return (task: string, turn: () => Promise<unknown>) => async () => {
    try {
      await turn();
      turns.inc({ task, outcome: 'ok' });
    } catch (error) {
      turns.inc({ task, outcome: 'failed' });
      throw error;
    }
  };
}
