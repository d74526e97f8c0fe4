import { Counter } from 'prom-client';
import type { ExecutionContext } from '../contracts/execution-context';
import type { Dispatch } from '../operations/catalogue';
import { notesOf } from '../operations/tools/calls/denial';
import type { RequestedCall } from '../operations/tools/calls/request-call';
import type { RuleMatch } from '../operations/tools/policy/match-rules';
import type { Metrics } from './metrics';

/** Counts what policies in AUDIT would have said of calls of tools, by effect and whether the rule could be evaluated. */
export function countShadow({ registry }: Metrics, dispatch: Dispatch): Dispatch {
  const decisions = new Counter({
    name: 'aos_tool_shadow_decisions_total',
    help: 'What rules of policies in AUDIT would have decided about calls of tools',
    labelNames: ['effect', 'failed'],
    registers: [registry],
  });
  const count = (matches: readonly RuleMatch[]) => {
    for (const { effect, failure } of matches) decisions.inc({ effect, failed: String(failure !== undefined) });
  };
  return (async (context: ExecutionContext, operation: string, request: unknown) => {
    try {
      const result: unknown = await dispatch(context, operation as never, request as never);
      if (operation === 'tools.calls.request') count((result as RequestedCall).shadow ?? []);
      return result;
    } catch (error) {
      count(notesOf(error).shadow);
      throw error;
    }
  }) as unknown as Dispatch;
}
