import { randomUUID } from 'node:crypto';
import { auditEvents, type AuditEntry } from '../../contracts/audit';
import type { ExecutionContext } from '../../contracts/execution-context';

export interface EventInput {
  readonly eventId: string;
  readonly entry: AuditEntry;
  readonly context: ExecutionContext;
  readonly action: string;
  readonly occurredAt: string;
}

/** What an event says in columns of its own; all of it is hashed. */
export function columnsOf({ eventId, entry, context, action, occurredAt }: EventInput) {
  const rule = auditEvents[entry.type];
  return {
    id: randomUUID(),
    event_id: eventId,
    tenant_id: context.tenantId,
    event_type: entry.type,
    event_category: rule.category,
    severity: rule.severity,
    request_id: context.requestId,
    trace_id: context.traceId,
    run_id: context.runId,
    step_index: context.stepIndex ?? null,
    plane_id: entry.planeId ?? context.planeId ?? null,
    job_id: entry.jobId ?? null,
    actor_id: context.actor.id,
    actor_type: context.actor.type,
    action,
    resource_type: entry.resource?.type ?? null,
    resource_id: entry.resource?.id ?? null,
    outcome: entry.outcome,
    policy_id: entry.policyId ?? null,
    policy_snapshot_id: entry.policySnapshotId ?? context.policySnapshotId ?? null,
    error_code: entry.error?.code ?? null,
    error_message: entry.error?.message ?? null,
    occurred_at: occurredAt,
  };
}

type Columns = ReturnType<typeof columnsOf>;

// All events have the same columns, so their names are sorted once.
let members: readonly (keyof Columns | 'evidence')[] | undefined;

/** Canonical JSON of the columns together with the evidence, whose canonical form is known already. */
export function canonicalEvent(columns: Columns, evidence: string): string {
  members ??= [...(Object.keys(columns) as (keyof Columns)[]), 'evidence' as const].sort();
  let text = '';
  for (const name of members) {
    text += `${text === '' ? '{' : ','}"${name}":${name === 'evidence' ? evidence : JSON.stringify(columns[name])}`;
  }
  return `${text}}`;
}
