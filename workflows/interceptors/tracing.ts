import { proxySinks, workflowInfo, type WorkflowInterceptors } from '@temporalio/workflow';
import type { Headers } from '@temporalio/common';
import { injectContext, readContext, type ExecutionContext } from '../../contracts/execution-context';
import type { TracingSinks } from '../../contracts/workflow-spans';
import { currentContext, runAs } from './context';

const { tracing } = proxySinks<TracingSinks>();

/**
 * Work of the current context as a span. The position travels in the context, so work that nobody traces costs nothing;
 * spans leave through a sink: neither a command nor a random draw, and histories replay with and without them.
 */
export function inSpan<T>(name: string, key: string, work: () => Promise<T>): Promise<T> {
  const context = currentContext();
  return reported({ name, key, context }, (positioned) => (positioned === context ? work() : runAs(positioned, work)));
}

/** Each activity, from its scheduling to its last attempt's end, is a span, and its attempts are spans below. */
export function tracingInterceptors(): WorkflowInterceptors {
  function traced<Input extends ActivityCall, Output>(
    { input, kind }: { input: Input; kind: string },
    next: (input: Input) => Promise<Output>,
  ): Promise<Output> {
    const context = readContext(input.headers);
    if (context === undefined) return next(input);
    return reported({ name: `schedule ${input.activityType}`, key: `${kind}/${input.seq}`, context }, (positioned) =>
      next({ ...input, headers: injectContext(input.headers, positioned) }),
    );
  }

  return {
    outbound: [
      {
        scheduleActivity: (input, next) => traced({ input, kind: 'activity' }, next),
        scheduleLocalActivity: (input, next) => traced({ input, kind: 'local-activity' }, next),
      },
    ],
  };
}

interface ActivityCall {
  readonly activityType: string;
  readonly seq: number;
  readonly headers: Headers;
}

interface Reported {
  readonly name: string;
  /** Unique in this execution. */
  readonly key: string;
  readonly context: ExecutionContext;
}

function reported<T>({ name, key, context }: Reported, work: (context: ExecutionContext) => Promise<T>): Promise<T> {
  const { traceId, spanId: parentSpanId } = context;
  if (parentSpanId === undefined) return work(context);
  const { runId, workflowId, workflowType } = workflowInfo();
  const spanId = spanIdOf(`${runId}/${key}`);
  const attributes = {
    'temporal.workflow_id': workflowId,
    'temporal.run_id': runId,
    'temporal.workflow': workflowType,
  };
  const startedAt = Date.now();
  const report = (failed: boolean) =>
    tracing.span({ name, traceId, spanId, parentSpanId, startedAt, endedAt: Date.now(), failed, attributes });
  const running = work({ ...context, spanId });
  running.then(
    () => report(false),
    () => report(true),
  );
  return running;
}

// FNV-1a, 64 bits: the same on every replay, and no draw from the workflow's random numbers.
function spanIdOf(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (let index = 0; index < text.length; index += 1) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(index))) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, '0');
}
