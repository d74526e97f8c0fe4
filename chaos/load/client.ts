import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ledger, LedgerCall, LedgerSwitch } from '../ledger';
import { hashOf, ledgerAnswer } from './ledger-answer';

export interface Answer {
  readonly status: number;
  // Answers of every shape are looked into.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly data: any;
  readonly code: string | undefined;
  readonly reason: string | undefined;
}

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  /** Instead of a body: files of an upload, by name. */
  readonly files?: Readonly<Record<string, string>>;
  readonly key?: string;
  /** False for what is decided anew each time. */
  readonly isAnswerStored?: boolean;
  readonly releasing?: LedgerSwitch;
}

export interface LoadClient {
  readonly tenantId: string;
  /** One attempt. Undefined when no answer came: it may have had its effect. */
  once(request: Request): Promise<Answer | undefined>;
  /** Repeats under one key until the answer is not one of the moment; undefined when the load is over before. */
  persist(request: Request): Promise<Answer | undefined>;
  /** Notes a throw that was answered. */
  acknowledge(change: Answer, kind: LedgerSwitch['kind']): Promise<LedgerSwitch>;
}

export interface ClientOptions {
  readonly name: string;
  readonly apiUrl: string;
  readonly tenantId: string;
  readonly apiKey: string;
  readonly ledger: Ledger;
  /** Ends waiting and repeating. */
  readonly signal: AbortSignal;
  /** What `pg_current_snapshot()` and the flushed position are now; undefined when Postgres cannot be asked. */
  readonly readSnapshot: () => Promise<Pick<LedgerSwitch, 'snapshot' | 'acknowledged_at_lsn'>>;
}

const timeoutMs = 20_000;

/** Calls the API and writes down every attempt before it is sent and after it was answered. */
export function createLoadClient(options: ClientOptions): LoadClient {
  const { name, apiUrl, tenantId, apiKey, ledger, signal } = options;

  async function once(request: Request): Promise<Answer | undefined> {
    const call = callOf(request, { client: name, tenantId });
    ledger.write({ kind: 'sent', call, ...(request.releasing && { releasing: request.releasing }) });
    try {
      const response = await fetch(`${apiUrl}/api/v1${request.path}`, {
        method: request.method,
        headers: {
          authorization: `Bearer ${apiKey}`,
          ...(call.idempotencyKey !== null && { 'idempotency-key': call.idempotencyKey }),
          ...(request.body !== undefined && { 'content-type': 'application/json' }),
        },
        signal: AbortSignal.timeout(timeoutMs),
        ...bodyOf(request),
      });
      const answer = toAnswer(response.status, await response.json());
      const acknowledgedSwitch = await acknowledged(request, answer);
      ledger.write({
        ...{ kind: 'answered', call, status: answer.status },
        answer: ledgerAnswer(answer),
        ...(acknowledgedSwitch && { acknowledgedSwitch }),
      });
      return answer;
    } catch (error) {
      const { message, cause } = error as Error;
      ledger.write({ kind: 'unknown', call, error: `${message}${cause === undefined ? '' : `: ${String(cause)}`}` });
      return undefined;
    }
  }

  async function persist(request: Request): Promise<Answer | undefined> {
    const key = request.key ?? randomUUID();
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const answer = await once({ ...request, key });
      if (answer !== undefined && !isOfTheMoment(answer)) return answer;
      await sleep(Math.min(2_000, 100 * 2 ** attempt), undefined, { signal }).catch(() => {});
    }
    return undefined;
  }

  /** Read at once after the answer, so that little lies between. */
  async function acknowledged(request: Request, answer: Answer): Promise<LedgerSwitch | undefined> {
    if (request.path !== '/governance/kill-switch' || answer.status !== 200 || !answer.data.enabled) return undefined;
    return acknowledge(answer, answer.data.kind);
  }

  async function acknowledge({ data }: Answer, kind: LedgerSwitch['kind']): Promise<LedgerSwitch> {
    return {
      ...{ switch_id: data.switch_id, epoch: data.epoch, kind, enabled: data.enabled },
      ...{ scope_type: data.scope, scope_id: data.scope_id ?? '' },
      tenant_id: tenantId === 'platform' ? null : tenantId,
      ...(await options.readSnapshot()),
    };
  }

  return { tenantId, once, persist, acknowledge };
}

function callOf(request: Request, from: Pick<LedgerCall, 'client' | 'tenantId'>): LedgerCall {
  const content = request.files ?? request.body;
  return {
    ...from,
    callId: randomUUID(),
    method: request.method,
    path: request.path.split('?')[0] ?? '',
    idempotencyKey: request.method === 'GET' ? null : (request.key ?? randomUUID()),
    bodyHash: content === undefined ? null : hashOf(content),
    isAnswerStored: request.method !== 'GET' && (request.isAnswerStored ?? true),
  };
}

function bodyOf({ body, files }: Request): { body?: FormData | string } {
  if (files !== undefined) {
    const form = new FormData();
    for (const [name, content] of Object.entries(files)) form.append('files', new Blob([content]), name);
    return { body: form };
  }
  return body === undefined ? {} : { body: JSON.stringify(body) };
}

function toAnswer(status: number, body: unknown): Answer {
  const { data, error } = body as { data?: unknown; error?: { code?: string; reason?: string } };
  return { status, data, code: error?.code, reason: error?.reason };
}

function isOfTheMoment({ status, reason }: Answer): boolean {
  return status >= 500 || status === 429 || reason === 'in_progress';
}
