import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { currentContext } from '../../context';
import { EngineError, errorRules } from '../../contracts/errors';
import { freezeContext, type ExecutionContext } from '../../contracts/execution-context';
import type { SeenEpochs } from '../../contracts/switches';
import type { ToolArguments } from '../../contracts/tool-call-schemas';
import { callLimits, type CallOutcome, type ToolCallStep } from '../../contracts/tool-calls';
import type { ReachedServer } from '../../operations/tools/calls/call-reads';
import type { CallEnd } from '../../operations/tools/calls/settle-call';
import { toEngineFault } from '../../operations/transaction/faults';
import type { CallAnswer } from '../adapters/mcp/port';
import { passedFence, workSignal } from '../work-signal';
import type { CarryDependencies } from './call-dependencies';
import { failureEnd, failureOf } from './call-end';
import { storeResult } from './store-result';

/** How long an outcome is tried to be written; after that the workflow finds the call without one. */
const settlingMs = 60_000;

/** Before the second and the third attempt; who opens their intents counts them too. */
const retryAfterMs: readonly number[] = [250, 1_000];

/**
 * Sends a call to its server, once: the intent is committed before, the outcome after. Tried again, it finds the intent
 * of the attempt before and sends nothing, but for a tool that an administrator has marked as safe to be sent again.
 */
export function createCarryCall(dependencies: CarryDependencies) {
  const { dispatch, callReads, handedCalls, box, upstream, describeServer, reachBarrier, watchers } = dependencies;

  return async (invocationId: string): Promise<ToolCallStep> => {
    const entered = performance.now();
    const context = currentContext();
    const { tenantId } = context;
    const call = handedCalls.of(tenantId, invocationId) ?? (await readStored(tenantId, invocationId));
    if (call === undefined) return { state: 'settled', outcome: null };
    const { serverId, arguments: args } = call;
    const opened = await open();
    if (!('intentId' in opened)) return opened;
    const { intentId, end } = await send(opened);
    const step = await settle(context, { invocationId, intentId, end });
    if (step.state === 'settled') watchers.settled(invocationId);
    return step;

    /** Opens the intent; where that was done before, says how the call stands. */
    async function open(): Promise<Opened | ToolCallStep> {
      const intentId = randomUUID();
      const start = await dispatch(context, 'tools.calls.start', {
        params: { invocationId, serverId, intentId, arguments: args },
        idempotencyKey: '',
      });
      if (start.started) return { ...start, intentId, wasSent: false };
      const { lostIntentId: lost, outcome } = start;
      const again = lost === null ? undefined : await openAgain({ intentId: lost, reason: 'attempt_lost' });
      return again ?? { state: outcome === null ? 'dispatched' : 'settled', outcome: outcome as CallOutcome | null };
    }

    /** Sends the call, and again where an administrator has said that it does no harm, while nobody knows what it did. */
    async function send(sent: Opened): Promise<{ intentId: string; end: CallEnd }> {
      for (let attempt = 1; ; attempt += 1) {
        await passedFence(sent.seen);
        reachBarrier('tool.intent-committed');
        const began = performance.now();
        const answer = await ask(sent);
        reachBarrier('tool.answered');
        const durationMs = Math.round(performance.now() - began);
        const end = { ...(await endOf(answer, sent)), durationMs };
        const { intentId } = sent;
        if (end.outcome !== 'unknown' || !sent.isRetrySafe) return { intentId, end };
        const again = await tryAgain({ intentId, reason: end.reason ?? 'unknown' }, attempt);
        if (again === undefined) return { intentId, end };
        sent = again;
      }
    }

    async function tryAgain(unanswered: Lost, attempt: number): Promise<Opened | undefined> {
      const waitMs = retryAfterMs[attempt - 1];
      if (waitMs === undefined || performance.now() - entered + waitMs > callLimits.retryMs) return undefined;
      try {
        await sleep(waitMs, undefined, { signal: workSignal() });
        return await openAgain(unanswered);
      } catch {
        // Refused by now, or stopped: the attempt before is the last one, and of that nobody knows.
        return undefined;
      }
    }

    /** Opens the intent of another attempt; undefined where there may be none. */
    async function openAgain(unanswered: Lost): Promise<Opened | undefined> {
      const intentId = randomUUID();
      const retry = await dispatch(context, 'tools.calls.retry', {
        params: { invocationId, serverId, lost: unanswered, intentId, arguments: args },
        idempotencyKey: '',
      });
      return retry.started ? { ...retry, intentId, wasSent: true } : undefined;
    }

    async function ask(tool: Opened): Promise<CallAnswer> {
      let hasLeft = false;
      try {
        const server = await describeServer(context, tool.server, `tool call ${invocationId}`);
        hasLeft = true;
        return await upstream.callTool({
          server,
          tool: tool.toolName,
          arguments: args,
          inputSchema: tool.inputSchema as Record<string, unknown>,
          signal: workSignal(),
          ...toldOf(watchers.of(invocationId), tool),
        });
      } catch (error) {
        return { kind: 'failure', failure: failureOf(error, hasLeft) };
      }
    }

    async function endOf(found: CallAnswer, sent: Opened): Promise<CallEnd> {
      if (found.kind === 'failure') return failureEnd(found.failure, sent);
      const { redactions } = sent;
      const result = await storeResult(dependencies, { tenantId, invocationId, result: found.result, redactions });
      if (found.result.isError !== true) return { outcome: 'succeeded' as const, result };
      const message = 'the tool answered that it failed';
      return { outcome: 'failed' as const, reason: 'tool_error', message, result };
    }
  };

  /** Undefined where the call has ended. */
  async function readStored(tenantId: string, invocationId: string) {
    const call = await callReads.readCall(tenantId, invocationId);
    if (call === undefined) throw new EngineError('resource_not_found', 'there is no such call');
    if (call.state === 'settled' || call.input === null) return undefined;
    const plain = await box.open(tenantId, invocationId, call.input);
    return { serverId: call.serverId, arguments: JSON.parse(plain.toString()) as ToolArguments };
  }

  async function settle(context: ExecutionContext, params: SettleParams): Promise<ToolCallStep> {
    const system = freezeContext({ ...context, actor: { id: 'system:tool-call', type: 'system' } });
    const until = performance.now() + settlingMs;
    for (let delayMs = 100; ; delayMs = Math.min(delayMs * 2, 5_000)) {
      try {
        return await dispatch(system, 'tools.calls.settle', { params, idempotencyKey: '' });
      } catch (error) {
        const fault = toEngineFault(error);
        const isPassing = fault instanceof EngineError && errorRules[fault.code].retryable;
        if (!isPassing || performance.now() > until) throw fault;
        await sleep(delayMs);
      }
    }
  }
}

type Told = ReturnType<CarryDependencies['watchers']['of']>;

/** Where anything of the answer is hidden, no path can look into other words of the server: how far it came is left. */
function toldOf(watcher: Told, { redactions }: Opened): Told {
  const { onProgress } = watcher;
  if (redactions.length === 0) return watcher;
  return onProgress === undefined ? {} : { onProgress: ({ message: _hidden, ...numbers }) => onProgress(numbers) };
}

interface Lost {
  readonly intentId: string;
  readonly reason: string;
}

interface Opened {
  readonly intentId: string;
  /** The switches as they were when it was opened. */
  readonly seen: SeenEpochs;
  readonly server: ReachedServer;
  readonly toolName: string;
  readonly inputSchema: unknown;
  readonly isRetrySafe: boolean;
  /** JSONPath into what of the result is not stored. */
  readonly redactions: readonly string[];
  /** An attempt before this one may have reached the server. */
  readonly wasSent: boolean;
}

interface SettleParams {
  readonly invocationId: string;
  readonly intentId: string;
  readonly end: CallEnd;
}
