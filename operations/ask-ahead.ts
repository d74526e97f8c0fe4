import type { ExecutionContext } from '../contracts/execution-context';
import type { Scope, SwitchRow } from '../contracts/switches';
import type { DefinedOperation } from './define';
import type { Transaction } from './transaction/database';
import { passFence } from './transaction/fence';
import { quiet, type Send } from './transaction/in-line';
import type { Ahead } from './transaction/transaction';

export interface AskedOperation {
  readonly operation: DefinedOperation;
  readonly context: ExecutionContext;
  readonly input: unknown;
}

/** What an operation is decided by, each to be waited for in its turn. */
export interface Asked extends Ahead {
  /** Rejects where the input does not fit. */
  readonly params: Promise<unknown>;
  /** The switches of the fence; rejects where one is engaged. */
  readonly switches: Promise<readonly SwitchRow[]>;
  /** Undefined where a key is claimed first. */
  readonly facts: Promise<unknown> | undefined;
}

/** Asks for it with the beginning of the transaction, in one packet: the server works off one after the other. */
export function askAhead(tx: Transaction, send: Send, { operation, context, input }: AskedOperation): Asked {
  let params: unknown;
  try {
    params = operation.parse(input);
  } catch (error) {
    const none = Promise.resolve([]);
    return { params: quiet(Promise.reject(error as Error)), switches: none, facts: undefined, settled: () => none };
  }
  const switches = quiet(askFence(tx, send, { operation, context, input: params }));
  const facts = operation.answer === 'fresh' ? quiet(operation.loadFacts({ tx, context }, params)) : undefined;
  return { params: Promise.resolve(params), switches, facts, settled: () => Promise.allSettled([switches, facts]) };
}

async function askFence(tx: Transaction, send: Send, { operation, context, input: params }: AskedOperation) {
  if (operation.fence !== 'fenced') return [];
  const jobId = operation.job(params);
  return passFence(tx, send, {
    scopes: [
      ...standingScopes(context),
      ...operation.scopes(context, params),
      ...(jobId === undefined ? [] : [{ type: 'run', id: jobId } as const]),
    ],
    begins: operation.begins,
    workId: jobId,
  });
}

function standingScopes({ tenantId, runId, ancestorRunIds = [] }: ExecutionContext): Scope[] {
  return [
    { type: 'global', id: '' },
    { type: 'tenant', id: tenantId },
    ...[...ancestorRunIds, runId].map((id) => ({ type: 'run' as const, id })),
  ];
}
