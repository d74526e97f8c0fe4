import type { z } from 'zod';
import type { AuditEntry } from '../contracts/audit';
import type { Capability } from '../contracts/capabilities';
import type { EngineError } from '../contracts/errors';
import type { ExecutionContext } from '../contracts/execution-context';
import type { OutboxMessage } from '../contracts/outbox';
import { parseInput } from '../contracts/parse';
import type { Permission, Role } from '../contracts/roles';
import type { Begins, OwnedScope, Scope, SwitchRow } from '../contracts/switches';
import type { EnforcementMode } from '../contracts/modes';
import { requireAll, type Invariant } from './invariants';
import type { Part } from './transaction/at-once';
import type { Transaction } from './transaction/database';
import type { EffectIntentEntry, EffectOutcomeEntry } from './transaction/effects';
import type { FenceExemption } from './transaction/fence';

/** A transaction bound to its tenant, and who acts in it. */
export interface Bound {
  readonly tx: Transaction;
  readonly context: ExecutionContext;
}

/** What an operation's functions may use. Audit entries and messages are written with the transaction or not at all. */
export interface Work extends Bound {
  readonly roles: readonly Role[];
  readonly mode: EnforcementMode;
  /** The switch rows that the fence read: what a job must remember as seen. Empty for exempt operations. */
  readonly switches: readonly SwitchRow[];
  /** The names of all operations there are. */
  readonly operations: readonly string[];
  /** Appends an event and returns its id. */
  audit(entry: AuditEntry): string;
  /** Opens an effect: committed before anything leaves, closed by exactly one first outcome. */
  intend(intent: EffectIntentEntry): void;
  /** Closes an opened effect; a later outcome is appended as a resolution. */
  settle(outcome: EffectOutcomeEntry): void;
  /** Writes with the last statement of the transaction: no statement before it sees what was written. */
  write(part: Part): void;
  /** Sends a message after the commit, at least once; not before the given number of seconds. */
  enqueue(message: OutboxMessage, options?: { readonly afterSeconds: number }): void;
}

export interface Refused {
  /** Replaces the general refusal event. */
  readonly entry: AuditEntry;
  /** Added to the details of the answer. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** One governed write: data and a few functions. Facts are read under lock, before the handler and again after it. */
export interface Operation<Params, Facts, Result> {
  readonly name: string;
  /** Any of these is enough. */
  readonly permission: Permission | readonly Permission[];
  readonly params: z.ZodType<Params>;
  /** `fenced`, or why the operation may commit although a switch is engaged. */
  readonly fence: 'fenced' | FenceExemption;
  /** What stop, pause and degraded switches look at; `nothing` goes on under them. */
  readonly begins?: Begins;
  /** What this belongs to, for switches of scope `capability`. */
  readonly capability?: Capability;
  /** `fresh` answers carry customer data: never stored, decided anew for each call. */
  readonly answer?: 'stored' | 'fresh';
  /** Scopes beyond global, tenant and run. */
  scopes?(input: { readonly context: ExecutionContext; readonly params: Params }): readonly Scope[];
  /** The job or call that this operation works for: a kill thrown since it began refuses it, though it may be off again. */
  job?(params: Params): string;
  /** Where answers are fresh it is asked before permission and fence have answered, and thrown away where they refuse. */
  readonly loadFacts: (bound: Bound, params: Params) => Promise<Facts>;
  readonly before?: readonly Invariant<{ params: Params; facts: Facts }>[];
  readonly after?: readonly Invariant<{ params: Params; earlier: Facts; facts: Facts }>[];
  handle(work: Work, input: { readonly params: Params; readonly facts: Facts }): Promise<Result>;
  refused?(work: Work, input: { readonly params: Params; readonly error: EngineError }): Promise<Refused>;
  /** What tells a call from another under the same key, where the parameters hold more that is made anew for each. */
  digested?(params: Params): unknown;
  /** What a repeated call is answered with, where the first answer holds a secret that is shown once. */
  remembered?(result: Result): Result;
  /** Scopes whose barrier must be passed after the commit and before the answer. */
  barriers?(result: Result): readonly OwnedScope[];
}

/** An operation as the registry sees it: its facts are its own business. */
export interface DefinedOperation<Params = unknown, Result = unknown> {
  readonly name: string;
  readonly permissions: readonly Permission[];
  readonly fence: 'fenced' | FenceExemption;
  readonly begins: Begins;
  readonly answer: 'stored' | 'fresh';
  parse(value: unknown): Params;
  scopes(context: ExecutionContext, params: Params): readonly Scope[];
  job(params: Params): string | undefined;
  loadFacts(bound: Bound, params: Params): Promise<unknown>;
  /** `facts` are those of `loadFacts`, read in this transaction. */
  execute(work: Work, params: Params, facts: unknown): Promise<Result>;
  refused(work: Work, params: Params, error: EngineError): Promise<Refused> | undefined;
  digested(params: Params): unknown;
  remembered(result: Result): Result;
  barriers(result: Result): readonly OwnedScope[];
}

/** Closes over the facts, so that operations of every shape fit one registry. */
export function defineOperation<Params, Facts, Result>(
  operation: Operation<Params, Facts, Result>,
): DefinedOperation<Params, Result> {
  const { name, permission, fence, begins = 'nothing', answer = 'stored', before = [], after = [] } = operation;
  const { capability } = operation;
  const own: readonly Scope[] = capability === undefined ? [] : [{ type: 'capability', id: capability }];
  return {
    name,
    permissions: typeof permission === 'string' ? [permission] : permission,
    fence,
    begins,
    answer,
    parse: (value) => parseInput({ schema: operation.params, value, subject: 'the parameters are' }),
    scopes: (context, params) => [...own, ...(operation.scopes?.({ context, params }) ?? [])],
    job: (params) => operation.job?.(params),
    refused: (work, params, error) => operation.refused?.(work, { params, error }),
    digested: (params) => operation.digested?.(params) ?? params,
    remembered: (result) => operation.remembered?.(result) ?? result,
    barriers: (result) => operation.barriers?.(result) ?? [],
    loadFacts: (bound, params) => operation.loadFacts(bound, params),
    async execute(work, params, facts) {
      const earlier = facts as Facts;
      recordBroken(work, name, requireAll(before, { params, facts: earlier }, work.mode));
      const result = await operation.handle(work, { params, facts: earlier });
      if (after.length > 0) {
        const later = await operation.loadFacts(work, params);
        recordBroken(work, name, requireAll(after, { params, earlier, facts: later }, work.mode));
      }
      return result;
    },
  };
}

// What the mode lets pass is on record with the work that it let pass.
function recordBroken(
  work: Work,
  operation: string,
  broken: readonly Pick<Invariant<never>, 'id' | 'severity' | 'message'>[],
): void {
  for (const { id, severity, message } of broken) {
    work.audit({
      type: 'InvariantViolated',
      outcome: 'failure',
      resource: { type: 'operation', id: operation },
      evidence: { invariant_id: id, severity, message, operation, mode: work.mode },
    });
  }
}
