import path from 'node:path';
import { Client } from '@temporalio/client';
import { bundleWorkflowCode, Worker } from '@temporalio/worker';
import { TypedSearchAttributes } from '@temporalio/common';
import { z } from 'zod';
import { workSignal } from '../../activities/work-signal';
import { contextInterceptor } from '../../client/context-interceptor';
import { keyword } from '../../client/search-attributes';
import { currentContext, withContext } from '../../context';
import { EngineError } from '../../contracts/errors';
import type { ExecutionContext } from '../../contracts/execution-context';
import { switchScopes, type Scope } from '../../contracts/switches';
import { searchAttributes } from '../../contracts/workflow-messages';
import { catalogue } from '../../operations/catalogue';
import { defineOperation } from '../../operations/define';
import { createDispatch } from '../../operations/registry';
import type { Database } from '../../operations/transaction/database';
import { workflowInterceptorModules } from '../../worker-options';
import type { TestStack } from './stack';

export interface HoldInput {
  /** Beyond global, tenant and run. */
  readonly scopes: readonly Scope[];
  /** Milliseconds between two fenced commits of one activity; none without it. */
  readonly commitEveryMs?: number;
}

const ScopeSchema = z.strictObject({ type: z.enum(switchScopes), id: z.string() });

/** A fenced commit in any scope, which leaves one audit event. */
const commitWork = defineOperation({
  name: 'test.work.commit',
  permission: 'write:planes',
  params: z.strictObject({ scopes: z.array(ScopeSchema) }),
  fence: 'fenced',
  answer: 'fresh',
  scopes: ({ params }) => params.scopes,
  loadFacts: async () => ({}),
  async handle(work) {
    work.audit({ type: 'StageProgressed', outcome: 'success', evidence: { stage: 'held', counts: {} } });
    return {};
  },
});

export interface HeldWork {
  /** Activities that have begun and not ended. */
  running(): number;
  /** When each was told to stop, in milliseconds of this process. */
  readonly stoppedAt: number[];
  /** What a commit after the stop was refused with. */
  readonly refusals: string[];
  start(input: StartInput): Promise<{ readonly workflowId: string; readonly runId: string }>;
  stop(): Promise<void>;
}

interface StartInput {
  readonly workflowId: string;
  readonly count: number;
  readonly context: ExecutionContext;
  readonly scopes: readonly Scope[];
  readonly commitEveryMs?: number;
}

export type HeldActivities = ReturnType<typeof createHeld>['activities'];

/** A worker of the stack's own making with room for many activities that hold until they are stopped. */
export async function startHeldWork(stack: TestStack, db: Database = stack.db): Promise<HeldWork> {
  const held = createHeld(stack, db);
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: path.join(__dirname, 'held-workflow.ts'),
    workflowInterceptorModules,
    logger: { ...console, trace() {}, debug() {}, info() {}, log() {} },
  });
  const { options, connection } = stack.worker;
  const taskQueue = `${stack.taskQueue}-held`;
  const worker = await Worker.create({
    ...options.main,
    ...{ connection, taskQueue, workflowBundle },
    activities: { ...options.main.activities, ...held.activities },
    maxConcurrentActivityTaskExecutions: 1_100,
    maxConcurrentActivityTaskPolls: 20,
  });
  const ended = worker.run();
  const client = new Client({
    connection: stack.temporal.connection,
    interceptors: { workflow: [contextInterceptor] },
  });
  return {
    ...held,
    async start({ workflowId, count, context, scopes, commitEveryMs }) {
      const input = { count, scopes, ...(commitEveryMs !== undefined && { commitEveryMs }) };
      const typedSearchAttributes = new TypedSearchAttributes(attributesOf(context, scopes));
      const options = { workflowId, taskQueue, args: [input], typedSearchAttributes };
      const handle = await withContext(context, () => client.workflow.start('holdMany', options));
      return { workflowId, runId: handle.firstExecutionRunId };
    },
    async stop() {
      worker.shutdown();
      await ended;
    },
  };
}

function attributesOf({ tenantId }: ExecutionContext, scopes: readonly Scope[]) {
  const idOf = (type: Scope['type']) => scopes.find((scope) => scope.type === type)?.id;
  return [
    { key: keyword(searchAttributes.tenant), value: tenantId },
    { key: keyword(searchAttributes.kind), value: 'held' },
    { key: keyword(searchAttributes.plane), value: idOf('plane') ?? 'none' },
    { key: keyword(searchAttributes.capability), value: idOf('capability') ?? 'none' },
  ];
}

function createHeld(stack: TestStack, db: Database) {
  const dispatch = createDispatch({
    catalogue: { ...catalogue, 'test.work.commit': commitWork },
    ...{ db, switchDb: db, operatorDb: db },
    onCommitted: () => {},
  });
  let begun = 0;
  let ended = 0;
  const stoppedAt: number[] = [];
  const refusals: string[] = [];
  const commit = (scopes: readonly Scope[]) =>
    dispatch(currentContext(), 'test.work.commit', { params: { scopes: [...scopes] }, idempotencyKey: '' });

  async function holdWork({ scopes, commitEveryMs }: HoldInput): Promise<void> {
    begun += 1;
    const signal = workSignal();
    const timer =
      commitEveryMs === undefined ? undefined : setInterval(() => void commit(scopes).catch(() => {}), commitEveryMs);
    try {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      stoppedAt.push(performance.now());
      refusals.push(await decisionOf(() => commit(scopes)));
      throw signal.reason;
    } finally {
      clearInterval(timer);
      ended += 1;
    }
  }

  return { activities: { holdWork }, running: () => begun - ended, stoppedAt, refusals };
}

/** Asks until it is decided: a database whose connections are all taken has decided nothing. */
async function decisionOf(commit: () => Promise<unknown>): Promise<string> {
  for (;;) {
    try {
      await commit();
      return 'committed';
    } catch (error) {
      if (!(error instanceof EngineError)) return String(error);
      if (error.code !== 'service_unavailable') return error.reason ?? error.code;
    }
  }
}
