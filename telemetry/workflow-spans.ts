import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { InjectedSinks } from '@temporalio/worker';
import type { TracingSinks, WorkflowSpan } from '../contracts/workflow-spans';
import { remoteContext } from './spans';

let preset: string | undefined;

/** The id of the span that is just being recorded, when the workflow has chosen it already. */
export function presetSpanId(): string | undefined {
  return preset;
}

/** Takes the spans that workflows report when they end. A replay reports none again. */
export function workflowSpanSinks(): InjectedSinks<TracingSinks> {
  return { tracing: { span: { fn: (_info, span) => record(span), callDuringReplay: false } } };
}

function record({ name, traceId, spanId, parentSpanId, startedAt, endedAt, failed, attributes }: WorkflowSpan): void {
  const parent = remoteContext({ traceId, spanId: parentSpanId });
  preset = spanId;
  try {
    const span = trace
      .getTracer('aos')
      .startSpan(name, { kind: SpanKind.INTERNAL, startTime: startedAt, attributes: { ...attributes } }, parent);
    if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(endedAt);
  } finally {
    preset = undefined;
  }
}
