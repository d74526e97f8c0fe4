import type { AuditEntry } from '../../contracts/audit';
import { EngineError, type EngineErrorOptions } from '../../contracts/errors';
import type { ExecutionContext } from '../../contracts/execution-context';
import type { SwitchRow } from '../../contracts/switches';
import type { DefinedOperation, Work } from '../define';
import { messageRows, type Outgoing } from '../outbox/insert';
import { writeAtOnce, type Part } from './at-once';
import { appendAudit, auditRows, prepareEvent, type PreparedEvent } from './audit';
import { intentRows, outcomeRows, type EffectIntentEntry, type EffectOutcomeEntry } from './effects';
import type { OpenTransaction } from './transaction';

export interface BufferedWork extends Work {
  readonly events: readonly PreparedEvent[];
  readonly messages: readonly Outgoing[];
  readonly intents: readonly EffectIntentEntry[];
  readonly outcomes: readonly EffectOutcomeEntry[];
  readonly writes: readonly Part[];
}

/** Work whose events and messages wait until the handler is done. */
export function createWork({
  open,
  context,
  switches,
  operations,
}: {
  open: OpenTransaction;
  context: ExecutionContext;
  switches: readonly SwitchRow[];
  operations: readonly string[];
}): BufferedWork {
  const events: PreparedEvent[] = [];
  const messages: Outgoing[] = [];
  const intents: EffectIntentEntry[] = [];
  const outcomes: EffectOutcomeEntry[] = [];
  const writes: Part[] = [];
  return {
    tx: open.tx,
    context,
    roles: open.grants.roles,
    mode: open.grants.mode,
    switches,
    operations,
    events,
    messages,
    intents,
    outcomes,
    writes,
    write: (part) => void writes.push(part),
    intend: (intent) => void intents.push(intent),
    settle: (outcome) => void outcomes.push(outcome),
    audit(entry) {
      const event = prepareEvent(entry);
      events.push(event);
      return event.eventId;
    },
    enqueue: (message, { afterSeconds } = { afterSeconds: 0 }) => void messages.push({ message, afterSeconds }),
  };
}

/**
 * Writes what the handler left, and the result of the call, in one statement; returns the ids of the messages that may go
 * out at once. An operation without an event or an intent is our bug, and must not commit. As `last` the statement commits
 * too: nothing may come behind it, and when it fails nothing is left of the transaction.
 */
export async function flushWork(
  work: BufferedWork,
  action: string,
  { result, isLast }: { readonly result?: Part | undefined; readonly isLast: boolean },
): Promise<readonly string[]> {
  const { tx, context, events, intents, outcomes, messages, writes } = work;
  if (events.length + intents.length === 0) throw new Error(`operation ${action} left no evidence`);
  const intended = intentRows(context.tenantId, intents);
  const settled = outcomeRows(context, outcomes);
  const audited = auditRows({ context, action }, events);
  const sent = messageRows(context.tenantId, messages);
  const parts = {
    ...named(writes),
    intended: intended.length === 0 ? undefined : (query) => query.insertInto('effect_intents').values(intended),
    settled: settled.length === 0 ? undefined : (query) => query.insertInto('effect_outcomes').values(settled),
    audited: audited.length === 0 ? undefined : (query) => query.insertInto('audit_events').values(audited),
    sent: sent.length === 0 ? undefined : (query) => query.insertInto('event_outbox').values(sent).returning('id'),
    result,
  } satisfies Readonly<Record<string, Part | undefined>>;
  const ids = await writeAtOnce(tx, parts, { isLast });
  return messages.every(({ afterSeconds }) => afterSeconds > 0) ? [] : ids;
}

function named(writes: readonly Part[]): Readonly<Record<string, Part>> {
  return Object.fromEntries(writes.map((part, index) => [`written_${index}`, part]));
}

export interface Refusal {
  readonly operation: DefinedOperation;
  readonly params: unknown;
  readonly error: EngineError;
}

/** Appends the refusal in the open transaction and returns the error as the caller sees it. */
export async function recordRefusal(work: BufferedWork, { operation, params, error }: Refusal): Promise<EngineError> {
  const special = params === undefined ? undefined : await operation.refused(work, params, error);
  const entry = special?.entry ?? refusalEntry(operation.name, error);
  const settled = outcomeRows(work.context, work.outcomes);
  if (settled.length > 0) await work.tx.insertInto('effect_outcomes').values(settled).execute();
  if (work.writes.length > 0) await writeAtOnce(work.tx, named(work.writes));
  await appendAudit(work.tx, { context: work.context, action: operation.name }, [prepareEvent(entry)]);
  return special?.details === undefined ? error : withDetails(error, special.details);
}

/** The general record of a refusal: the code and the public details, never the input. */
export function refusalEntry(
  operation: string,
  error: EngineError,
  type: 'OperationRefused' | 'AccessRefused' | 'LIFECYCLE_BLOCKED' = 'OperationRefused',
): AuditEntry {
  return {
    type,
    outcome: 'blocked',
    evidence: { operation, code: error.code, reason: error.reason ?? null, details: withoutInput(error.details) },
    error: { code: error.code, message: error.message },
  };
}

// Field errors may quote what the caller sent, which is not ours to keep.
function withoutInput(details: EngineErrorOptions['details']): Record<string, unknown> {
  const { field_errors: _fieldErrors, ...rest } = details ?? {};
  return rest;
}

function withDetails(error: EngineError, details: Readonly<Record<string, unknown>>): EngineError {
  return new EngineError(error.code, error.message, {
    details: { ...error.details, ...details },
    ...(error.reason !== undefined && { reason: error.reason }),
    ...(error.retryAfterSeconds !== undefined && { retryAfterSeconds: error.retryAfterSeconds }),
    cause: error,
  });
}
