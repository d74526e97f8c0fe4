import {
  context as active,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type Span,
} from '@opentelemetry/api';
import { EngineError } from '../contracts/errors';
import type { ExecutionContext } from '../contracts/execution-context';

export interface SpanOptions {
  readonly name: string;
  readonly kind?: SpanKind;
  /** Ids and words from closed sets; never content, and never a message that may quote it. */
  readonly attributes?: Attributes;
  /** Where the work comes from, when no span of this process is at work. */
  readonly from?: TracePosition;
}

let traceIdOfNext: string | undefined;

/** The id of the trace that is just being begun, when its work has one already. */
export function presetTraceId(): string | undefined {
  return traceIdOfNext;
}

export type TracePosition = Pick<ExecutionContext, 'traceId' | 'spanId'>;

/** The span at work, when it is recorded. */
export function currentPosition(): { readonly traceId: string; readonly spanId: string } | undefined {
  const span = trace.getActiveSpan()?.spanContext();
  if (span === undefined || (span.traceFlags & TraceFlags.SAMPLED) === 0) return undefined;
  return { traceId: span.traceId, spanId: span.spanId };
}

/**
 * Runs the work in a span below the one at work, or below the position it came from. Work that belongs to no recorded
 * trace begins none: traces begin at the door.
 */
export async function inSpan<T>(options: SpanOptions, work: (spanId: string | undefined) => Promise<T>): Promise<T> {
  const parent = parentOf(options.from);
  if (parent === undefined) return work(undefined);
  const span = startSpan(options, parent);
  try {
    return await active.with(trace.setSpan(parent, span), () => work(span.spanContext().spanId));
  } catch (error) {
    markFailed(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/**
 * As `inSpan`, for work that no request asked for: without a position it begins the trace whose id the work carries. Where
 * the sampler does not want it, the work has no position, and none of what follows is traced.
 */
export async function inOwnTrace<T>(
  options: SpanOptions & { readonly from: TracePosition },
  work: (spanId: string | undefined) => Promise<T>,
): Promise<T> {
  if (parentOf(options.from) !== undefined) return inSpan(options, work);
  traceIdOfNext = options.from.traceId;
  let root: Span;
  try {
    root = startSpan(options, ROOT_CONTEXT);
  } finally {
    traceIdOfNext = undefined;
  }
  const { spanId, traceFlags } = root.spanContext();
  const isRecorded = (traceFlags & TraceFlags.SAMPLED) !== 0;
  try {
    return await active.with(trace.setSpan(ROOT_CONTEXT, root), () => work(isRecorded ? spanId : undefined));
  } catch (error) {
    markFailed(root, error);
    throw error;
  } finally {
    root.end();
  }
}

export function startSpan({ name, kind = SpanKind.INTERNAL, attributes = {} }: SpanOptions, parent: Context): Span {
  return trace.getTracer('aos').startSpan(name, { kind, attributes }, parent);
}

/** The context of a span that another process, or the workflow's isolate, has begun. */
export function remoteContext({ traceId, spanId }: { traceId: string; spanId: string }): Context {
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true });
}

function parentOf(from: TracePosition | undefined): Context | undefined {
  if (trace.getActiveSpan() !== undefined) return active.active();
  const { traceId, spanId } = from ?? {};
  return traceId === undefined || spanId === undefined ? undefined : remoteContext({ traceId, spanId });
}

// The code is of a closed table; a message may quote what somebody sent.
export function markFailed(span: Span, error: unknown): void {
  const code = error instanceof EngineError ? error.code : ((error as { type?: unknown } | null)?.type ?? 'fault');
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.setAttribute('error.type', typeof code === 'string' ? code : 'fault');
}

/** The ids that every span of governed work carries. */
export function idAttributes({ tenantId, requestId, planeId }: ExecutionContext): Attributes {
  return {
    'aos.tenant_id': tenantId,
    'aos.request_id': requestId,
    ...(planeId !== undefined && { 'aos.plane_id': planeId }),
  };
}
