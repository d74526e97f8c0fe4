import type { Check, Finder } from '../check';
import type { HistoryFile } from '../histories';

/** Workflows that live as long as what they stand for, and so may run when nothing is to do. */
const standing: ReadonlySet<string> = new Set(['knowledgePlane', 'toolServer']);

/** I8: to be asked when all faults are healed and nobody asks for anything any more. */
export const progress: Check = {
  invariant: 'I8',
  promise: 'after the faults are healed everything goes on to its end',
  async run(material, look) {
    const rows = (rule: string, of: string, query: string) => look.rows(material, { rule, of, query });
    await rows(
      'job-stuck',
      'knowledge_jobs',
      `select job_id, plane_id, tenant_id, status from knowledge_jobs where status in ('queued', 'running')`,
    );
    await rows(
      'plane-names-ended-job',
      'knowledge_planes',
      `select p.plane_id, p.tenant_id, p.active_job_id from knowledge_planes p where p.active_job_id is not null
        and not exists (select from knowledge_jobs j where j.job_id = p.active_job_id and j.status in ('queued', 'running'))`,
    );
    await rows(
      'intent-open-after-deadline',
      'effect_intents',
      `select i.intent_id, i.tenant_id, i.subject from effect_intents i where i.deadline < now()
        and not exists (select from effect_outcomes o where o.intent_id = i.intent_id and o.first)`,
    );
    await rows(
      'call-not-ended',
      'mcp_tool_calls',
      `select invocation_id, tenant_id, state from mcp_tool_calls where settled_at is null`,
    );
    await rows(
      'message-not-delivered',
      'event_outbox',
      `select id::text as outbox_id, tenant_id, workflow_id, attempts from event_outbox where published_at is null`,
    );
    await rows(
      'pause-without-switch',
      'run_pauses',
      `select p.pause_id, p.tenant_id, p.switch_id from run_pauses p where p.outcome is null
        and not exists (select from runtime_switches s where s.switch_id = p.switch_id and s.enabled)`,
    );
    await rows(
      'fan-out-not-ended',
      'switch_fan_outs',
      `select switch_id, epoch::text as epoch, status from switch_fan_outs where status in ('queued', 'running')`,
    );
    await rows(
      'event-not-sealed',
      'audit_events',
      `select e.event_id, e.tenant_id from audit_events e
        where not exists (select from audit_leaves l where l.event_id = e.event_id)`,
    );
    await rows(
      'tree-halted',
      'audit_tree_heads',
      'select tenant_id, halted_reason from audit_tree_heads where halted_at is not null',
    );
    for (const each of material.histories) judge(each, look);
  },
};

function judge({ workflowId, runId, status, history: { events } }: HistoryFile, look: Finder): void {
  look.examined += 1;
  const ids = { workflow_id: workflowId, run_id: runId };
  if (status !== 'RUNNING') return;
  const type = typeOf(events[0]);
  if (!standing.has(type)) look.found('workflow-not-ended', { ...ids, type });
  const lastTask = events.findLast(({ eventType }) => /WORKFLOW_TASK_(COMPLETED|FAILED|TIMED_OUT)$/.test(eventType));
  if (lastTask !== undefined && !lastTask.eventType.endsWith('COMPLETED')) {
    look.found('workflow-task-fails', { ...ids, last: lastTask.eventType });
  }
  const closed = new Set(events.flatMap((event) => scheduledIdOf(event) ?? []));
  for (const event of events) {
    if (event.eventType !== 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED') continue;
    if (!closed.has(String(event.eventId))) look.found('activity-pending', { ...ids, event: String(event.eventId) });
  }
}

function typeOf(event: Readonly<Record<string, unknown>> | undefined): string {
  const started = event?.workflowExecutionStartedEventAttributes as { workflowType?: { name?: string } } | undefined;
  return started?.workflowType?.name ?? '';
}

function scheduledIdOf(event: Readonly<Record<string, unknown>>): string | undefined {
  const name = String(event.eventType);
  if (!/ACTIVITY_TASK_(COMPLETED|FAILED|TIMED_OUT|CANCELED)$/.test(name)) return undefined;
  const attributes = Object.entries(event).find(([key]) => /^activityTask\w+EventAttributes$/.test(key))?.[1];
  const { scheduledEventId } = (attributes ?? {}) as { scheduledEventId?: unknown };
  return scheduledEventId === undefined ? undefined : String(scheduledEventId);
}
