/** A span that a workflow has ended, with times of its own clock and an id that every replay finds again. */
export interface WorkflowSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, string>>;
}

export type TracingSinks = {
  readonly tracing: { span(span: WorkflowSpan): void };
};
