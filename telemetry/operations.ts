import { Counter, Histogram } from 'prom-client';
import { EngineError, errorRules } from '../contracts/errors';
import type { ExecutionContext } from '../contracts/execution-context';
import type { Dispatch } from '../operations/catalogue';
import type { AuditDoor } from '../operations/door';
import type { Retrieve } from '../retrieval/mediator';
import type { Metrics } from './metrics';

export type Outcome = 'ok' | 'refused' | 'failed';

/** Wraps the three ways in which governance answers: operations, refusals at the door, retrieval. */
export function measureGovernance({ registry }: Metrics) {
  const operations = new Histogram({
    name: 'aos_operation_duration_seconds',
    help: 'Time of a dispatched operation, its transaction included',
    labelNames: ['operation', 'outcome'],
    buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
  const retrievals = new Histogram({
    name: 'aos_retrieval_duration_seconds',
    help: 'Time of a retrieval from its decision to its release',
    labelNames: ['action', 'outcome'],
    buckets: [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
    registers: [registry],
  });
  const refusals = new Counter({
    name: 'aos_refusals_total',
    help: 'Refusals by where they were decided, code and reason',
    labelNames: ['at', 'code', 'reason'],
    registers: [registry],
  });
  const refused = (at: 'door' | 'operation', { code, reason }: EngineError) =>
    refusals.inc({ at, code, reason: reason ?? '' });

  return {
    dispatch: (dispatch: Dispatch): Dispatch =>
      (async (context: ExecutionContext, operation: string, request: unknown) => {
        const began = performance.now();
        const end = (outcome: Outcome) => operations.observe({ operation, outcome }, secondsSince(began));
        try {
          const result = await dispatch(context, operation as never, request as never);
          end('ok');
          return result;
        } catch (error) {
          const outcome = outcomeOf(error);
          if (outcome === 'refused') refused('operation', error as EngineError);
          end(outcome);
          throw error;
        }
      }) as unknown as Dispatch,

    auditDoor:
      (audit: AuditDoor): AuditDoor =>
      (context, error, action) => {
        refused('door', error);
        return audit(context, error, action);
      },

    retrieve:
      (retrieve: Retrieve): Retrieve =>
      async (context, request) => {
        const began = performance.now();
        const { action } = request;
        const end = (outcome: Outcome) => retrievals.observe({ action, outcome }, secondsSince(began));
        try {
          const answer = await retrieve(context, request);
          end('ok');
          return answer;
        } catch (error) {
          end(outcomeOf(error));
          throw error;
        }
      },
  };
}

/** What a policy or the caller's input decided is a refusal; what may pass by itself, or is our bug, a failure. */
export function outcomeOf(error: unknown): 'refused' | 'failed' {
  if (!(error instanceof EngineError) || error.code === 'internal_error') return 'failed';
  return errorRules[error.code].category === 'transient' ? 'failed' : 'refused';
}

export function secondsSince(began: number): number {
  return (performance.now() - began) / 1_000;
}
