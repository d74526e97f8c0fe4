import { randomUUID } from 'node:crypto';
import { EngineError } from '../contracts/errors';
import type { ExecutionContext } from '../contracts/execution-context';
import {
  forbiddenPayloadMembers,
  retrievalPayloads,
  type RetrievalHit,
  type RetrievalRequest,
} from '../contracts/retrieval';
import type { Dispatch } from '../operations/catalogue';
import { digestOf, sha256Hex } from '../operations/transaction/canonical';
import { describeIssue } from './describe-issue';
import { prepareAnswer, type PreparedAnswer } from './prepare-answer';
import type { FindDependencies } from './find-candidates';
import type { ListedDocument } from './ports';

/** As it goes over the wire. */
export interface RetrievalAnswer {
  readonly hits: RetrievalHit[];
  /** Answered by `list` only. */
  readonly documents?: ListedDocument[];
  readonly next_cursor?: string | null;
  readonly evidence_id: string;
  readonly query_hash: string;
  readonly tokens_consumed: number;
  readonly policy_snapshot_id: string;
}

export interface MediatorDependencies extends FindDependencies {
  readonly dispatch: Dispatch;
}

export type Retrieve = (context: ExecutionContext, request: RetrievalRequest) => Promise<RetrievalAnswer>;

/**
 * The only road from a caller to a plane's data: decide and open an intent, search, filter, redact, commit the
 * evidence, release. A denial throws with the id of its evidence in the details.
 */
export function createMediator(dependencies: MediatorDependencies): Retrieve {
  const { dispatch } = dependencies;
  return async function retrieve(context, request) {
    const opened = await open(dispatch, context, request);
    const base = { evidenceId: opened.evidenceId, planeId: request.plane_id };
    let answer: PreparedAnswer;
    try {
      answer = await prepareAnswer(dependencies, {
        action: request.action,
        payload: opened.payload,
        redact: opened.grant.redact,
        scope: {
          tenantId: context.tenantId,
          planeId: request.plane_id,
          excludedRunIds: opened.grant.excludedRunIds,
        },
      });
    } catch (error) {
      await close(dispatch, context, base);
      throw error instanceof EngineError ? error : unavailable(error);
    }
    return release(dispatch, context, { request, opened, answer });
  };
}

type Opened = Awaited<ReturnType<typeof open>>;

async function open(dispatch: Dispatch, context: ExecutionContext, request: RetrievalRequest) {
  const evidenceId = randomUUID();
  const requestedAt = new Date().toISOString();
  const queryHash = digestOf(request.payload);
  const violations = forbiddenPayloadMembers.filter((member) => Object.hasOwn(request.payload, member));
  const parsed = retrievalPayloads[request.action].safeParse(request.payload);
  const [issue] = parsed.error?.issues ?? [];
  const grant = await dispatch({ ...context, planeId: request.plane_id }, 'retrieval.begin', {
    params: {
      evidenceId,
      planeId: request.plane_id,
      action: request.action,
      queryHash,
      requestedAt,
      runId: request.run_id,
      violations,
      malformed: issue === undefined ? undefined : describeIssue(issue),
    },
    idempotencyKey: evidenceId,
  });
  return { evidenceId, requestedAt, queryHash, grant, payload: parsed.data };
}

interface ReleaseInput {
  readonly request: RetrievalRequest;
  readonly opened: Opened;
  readonly answer: PreparedAnswer;
}

async function release(
  dispatch: Dispatch,
  context: ExecutionContext,
  { request, opened, answer }: ReleaseInput,
): Promise<RetrievalAnswer> {
  const { evidenceId, queryHash, requestedAt, grant } = opened;
  const { hits, documents, nextCursor, tokens, redacted, documentIds } = answer;
  const content = JSON.stringify({ hits, documents });
  await dispatch({ ...context, planeId: request.plane_id }, 'retrieval.release', {
    params: {
      evidenceId,
      planeId: request.plane_id,
      action: request.action,
      queryHash,
      requestedAt,
      policySnapshotId: grant.policySnapshotId,
      policyIds: [...grant.policyIds],
      sensitivityLevel: grant.sensitivityLevel,
      responseHash: sha256Hex(content),
      documentIds: [...documentIds],
      tokenCount: tokens,
      bytes: Buffer.byteLength(content),
      redactionApplied: redacted,
    },
    idempotencyKey: evidenceId,
  });
  return {
    hits: [...hits],
    ...(documents !== undefined && { documents: [...documents], next_cursor: nextCursor ?? null }),
    evidence_id: evidenceId,
    query_hash: queryHash,
    tokens_consumed: tokens,
    policy_snapshot_id: grant.policySnapshotId,
  };
}

// The intent must not stay open when the answer failed; should this fail too, the sweeper closes it.
async function close(
  dispatch: Dispatch,
  context: ExecutionContext,
  { evidenceId, planeId }: { evidenceId: string; planeId: string },
) {
  const params = { evidenceId, planeId, reason: 'the answer could not be prepared' };
  await dispatch(context, 'retrieval.fail', { params, idempotencyKey: evidenceId }).catch(() => {});
}

function unavailable(cause: unknown): EngineError {
  return new EngineError('service_unavailable', 'the index cannot be searched right now; try again', { cause });
}
