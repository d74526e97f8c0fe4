import { EngineError, errorRules, refusal } from '../contracts/errors';
import { platformTenantId, type ExecutionContext } from '../contracts/execution-context';
import { isPermitted, type Permission } from '../contracts/roles';
import { askAhead, type Asked } from './ask-ahead';
import type { DefinedOperation } from './define';
import { countRefusal } from './limits/report-refusals';
import { claimKey, freeKey, resultUpdate, saveFailure, type IdempotencyClaim } from './transaction/claim';
import { digestOf } from './transaction/canonical';
import type { Database } from './transaction/database';
import { toEngineFault } from './transaction/faults';
import { passBarrier } from './transaction/fence';
import { inTransaction, inTransactionAhead, type OpenTransaction } from './transaction/transaction';
import { createWork, flushWork, recordRefusal, type BufferedWork } from './transaction/work';

export type Catalogue = Readonly<Record<string, DefinedOperation>>;

export interface OperationRequest<Params> {
  readonly params: Params;
  /** The same key and parameters give the same answer; ignored by operations with fresh answers. */
  readonly idempotencyKey: string;
}

type ParamsOf<O> = O extends DefinedOperation<infer P, unknown> ? P : never;
type ResultOf<O> =
  O extends DefinedOperation<never, infer R>
    ? R
    : O extends { execute(...args: never[]): Promise<infer R> }
      ? R
      : never;

/** One transaction a call. Refusals are audited and thrown as EngineError with a code from the table. */
export type Dispatch<C extends Catalogue> = <N extends keyof C & string>(
  context: ExecutionContext,
  name: N,
  request: OperationRequest<ParamsOf<C[N]>>,
) => Promise<ResultOf<C[N]>>;

export interface DispatchDependencies<C extends Catalogue> {
  readonly catalogue: C;
  readonly db: Database;
  /** A pool of its own, so that a throw never waits for a connection behind the work it stops. */
  readonly switchDb: Database;
  /** And one for the operator, so that tenants who throw much do not stand in his way. */
  readonly operatorDb: Database;
  /** Called after a commit that left messages in the outbox, with their row ids. */
  readonly onCommitted: (outboxIds: readonly string[]) => void;
}

/** Freezes the catalogue and returns the only entry to it. */
export function createDispatch<C extends Catalogue>(dependencies: DispatchDependencies<C>): Dispatch<C> {
  const catalogue = Object.freeze({ ...dependencies.catalogue });
  for (const [name, operation] of Object.entries(catalogue)) {
    if (operation.name !== name) throw new Error(`operation ${operation.name} is registered as ${name}`);
  }
  const operations = Object.keys(catalogue);
  const dispatch = async (context: ExecutionContext, name: string, request: OperationRequest<unknown>) => {
    const operation = catalogue[name];
    if (operation === undefined) throw new EngineError('unsupported_operation', `there is no operation ${name}`);
    return run(dependencies, { operation, context, request, operations });
  };
  return dispatch as Dispatch<C>;
}

interface Call {
  readonly operation: DefinedOperation;
  readonly context: ExecutionContext;
  readonly request: OperationRequest<unknown>;
  readonly operations: readonly string[];
}

type Outcome = { readonly result: unknown; readonly outboxIds: readonly string[] } | { readonly refused: EngineError };

async function run(dependencies: DispatchDependencies<Catalogue>, call: Call): Promise<unknown> {
  const isThrow = call.operation.fence === 'throwing-and-releasing-switches';
  const switchDb = call.context.tenantId === platformTenantId ? dependencies.operatorDb : dependencies.switchDb;
  const db = isThrow ? switchDb : dependencies.db;
  // A refusal is recorded in a transaction of its own, and that one may find no connection either.
  const outcome = await attempt(db, call).catch((error: unknown) => {
    throw toEngineFault(error);
  });
  if ('refused' in outcome) throw outcome.refused;
  if (outcome.outboxIds.length > 0) dependencies.onCommitted(outcome.outboxIds);
  for (const scope of call.operation.barriers(outcome.result)) await passBarrier(switchDb, scope);
  return outcome.result;
}

// Known refusals before the claim end the transaction, so their audit needs one of its own.
async function attempt(db: Database, call: Call): Promise<Outcome> {
  const progress: { params?: unknown } = {};
  const { context, operation, request } = call;
  try {
    return await inTransactionAhead(db, context, {
      operation: operation.name,
      ahead: (tx, send) => askAhead(tx, send, { operation, context, input: request.params }),
      work: (open, asked) => decide(open, call, progress, asked),
    });
  } catch (error) {
    const fault = toEngineFault(error);
    if (!(fault instanceof EngineError) || errorRules[fault.code].category === 'transient') throw fault;
    // Refused as often as somebody asks: counted, with one event a minute.
    if (fault.reason === 'RATE_LIMIT_EXCEEDED') {
      await countRefusal(db, context);
      throw fault;
    }
    return { refused: await inTransaction(db, context, (open) => refuse(open, call, fault, progress.params)) };
  }
}

async function decide(
  open: OpenTransaction,
  call: Call,
  progress: { params?: unknown },
  asked: Asked,
): Promise<Outcome> {
  const { operation, context } = call;
  const { tx } = open;
  requirePermission(open, operation);
  const params = await asked.params;
  progress.params = params;
  const switches = await asked.switches;
  open.passed = true;
  const claim = claimOf(call, params);
  if (claim !== undefined) {
    const claimed = await claimKey(tx, claim);
    if (claimed.state === 'completed') return { result: claimed.result, outboxIds: [] };
    if (claimed.state === 'permanently_failed') return { refused: claimed.error };
  }

  const work = createWork({ open, context, switches, operations: call.operations });
  // Without a key nothing of a refused call stays, so its refusal ends the transaction like those before a claim.
  if (claim === undefined) return carryOut(work, operation, { params, facts: asked.facts });
  const savepoint = await tx.savepoint('decision').execute();
  try {
    return await carryOut(work, operation, { params, facts: undefined }, claim);
  } catch (error) {
    const fault = toEngineFault(error);
    if (!(fault instanceof EngineError)) throw error;
    await savepoint.rollbackToSavepoint('decision').execute();
    const refused = await refuse(open, call, fault, params);
    const isFinal = errorRules[fault.code].category === 'permanent' && fault.reason !== 'in_progress';
    await (isFinal ? saveFailure(tx, claim, refused) : freeKey(tx, claim));
    return { refused };
  }
}

async function carryOut(
  work: BufferedWork,
  operation: DefinedOperation,
  { params, facts }: { readonly params: unknown; readonly facts: Promise<unknown> | undefined },
  claim?: IdempotencyClaim,
): Promise<Outcome> {
  const result = await operation.execute(work, params, await (facts ?? operation.loadFacts(work, params)));
  // A claimed key outlives the refusal of its call, which is then written behind what failed.
  const closing =
    claim === undefined
      ? { isLast: true }
      : { isLast: false, result: resultUpdate(claim, operation.remembered(result)) };
  return { result, outboxIds: await flushWork(work, operation.name, closing) };
}

async function refuse(open: OpenTransaction, call: Call, error: EngineError, params: unknown): Promise<EngineError> {
  open.passed = true;
  const work = createWork({ open, context: call.context, switches: [], operations: call.operations });
  return recordRefusal(work, { operation: call.operation, params, error });
}

function requirePermission({ grants }: OpenTransaction, { permissions, name, fence }: DefinedOperation): void {
  const { roles, ceiling = roles } = grants;
  const isGranted = (permission: Permission) => isPermitted(roles, permission) && isPermitted(ceiling, permission);
  if (!permissions.some(isGranted)) {
    throw new EngineError('authorization_failed', `this needs the permission ${permissions.join(' or ')}`, {
      details: { permission: permissions.join(' or '), operation: name },
    });
  }
  if (grants.tenantStatus !== 'active' && (fence === 'fenced' || fence === 'export-of-evidence')) {
    throw refusal('TENANT_INACTIVE', 'the tenant is suspended; ask the operator to reactivate it');
  }
}

function claimOf({ operation, context, request }: Call, params: unknown): IdempotencyClaim | undefined {
  if (operation.answer === 'fresh') return undefined;
  return {
    tenantId: context.tenantId,
    actorId: context.actor.id,
    operation: operation.name,
    key: request.idempotencyKey,
    digest: digestOf(operation.digested(params)),
  };
}
