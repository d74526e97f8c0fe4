import { randomUUID } from 'node:crypto';
import { EngineError, type ErrorCode } from '../contracts/errors';
import type { ExecutionContext } from '../contracts/execution-context';
import type { ReadRequest } from '../contracts/server-reads';
import type { SeenEpochs } from '../contracts/switches';
import type { Dispatch } from '../operations/catalogue';
import { newId } from '../operations/ids';
import { redacted } from '../operations/tools/redaction/redact';
import type { ReachedServer } from '../operations/tools/calls/call-reads';
import { sha256Hex } from '../operations/transaction/canonical';

export interface UpstreamRead {
  readonly readId: string;
  readonly server: ReachedServer;
  readonly request: ReadRequest;
  /** What the switches were when it was allowed. */
  readonly seen: SeenEpochs;
}

export type UpstreamAnswer =
  | { readonly kind: 'answer'; readonly answer: Readonly<Record<string, unknown>> }
  | {
      readonly kind: 'failure';
      /** `killed` never left; of `unknown` nobody can say whether the server was asked. */
      readonly outcome: 'failed' | 'unknown' | 'killed';
      readonly error: EngineError;
      /** Its words are an answer of the server. */
      readonly isAnswered: boolean;
    };

/** Asks a server once, in bounded time, for a bounded answer; stopped by kills. Throws nothing. */
export type AskUpstream = (context: ExecutionContext, read: UpstreamRead) => Promise<UpstreamAnswer>;

export interface ServerAnswer {
  /** As audit and REST name the read. */
  readonly readId: string;
  readonly answer: Readonly<Record<string, unknown>>;
}

export type ReadServer = (
  context: ExecutionContext,
  read: { readonly serverId: string; readonly request: ReadRequest },
) => Promise<ServerAnswer>;

/**
 * The only road from a caller to the resources and prompts of a server: decide and open an intent, ask, commit the
 * evidence, release. What the server answered before a kill, or before the rules changed, is not released after it.
 */
export function createReadServer({
  dispatch,
  ask,
}: {
  readonly dispatch: Dispatch;
  readonly ask: AskUpstream;
}): ReadServer {
  return async (context, { serverId, request }) => {
    const asked = {
      ...{ readId: newId('inv_', 8), intentId: randomUUID(), serverId, request },
      requestedAt: new Date().toISOString(),
    };
    const { server, seen, hides } = await dispatch(context, 'tools.reads.begin', { params: asked, idempotencyKey: '' });
    const hidden = [...hides.input];
    const began = performance.now();
    const found = await ask(context, { readId: asked.readId, server, request, seen });
    const durationMs = Math.round(performance.now() - began);
    if (found.kind === 'failure') {
      const { outcome, error, isAnswered } = found;
      const message = isAnswered && hides.result.length > 0 ? redacted : error.message.slice(0, 1000);
      const end = { outcome, reason: error.reason ?? error.code, message, durationMs };
      await dispatch(context, 'tools.reads.fail', { params: { ...asked, hidden, ...end }, idempotencyKey: '' });
      throw withReadId(error, asked.readId);
    }
    const outputHash = sha256Hex(JSON.stringify(found.answer));
    await dispatch(context, 'tools.reads.release', {
      params: { ...asked, hidden, seen, outputHash, durationMs },
      idempotencyKey: '',
    });
    return { readId: asked.readId, answer: found.answer };
  };
}

function withReadId(error: EngineError, readId: string): EngineError {
  const { code, message, reason, retryAfterSeconds } = error;
  return new EngineError(code satisfies ErrorCode, message, {
    ...(reason !== undefined && { reason }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    details: { ...error.details, invocation_id: readId },
    cause: error,
  });
}
