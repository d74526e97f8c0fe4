import type { CallOutcome } from '../../../contracts/tool-calls';
import type { ReadRequest } from '../../../contracts/server-reads';
import type { Work } from '../../define';
import { canonicalJson, sha256Hex } from '../../transaction/canonical';
import { insertInvocation } from '../calls/invocation';
import { previewOf } from '../calls/preview';

export interface ReadRecord {
  readonly readId: string;
  readonly serverId: string;
  readonly request: ReadRequest;
  /** JSONPath into what was asked: what of it is not stored. */
  readonly hidden: readonly string[];
  readonly requestedAt: string;
  readonly outcome: CallOutcome;
  readonly policyId?: string | undefined;
  readonly policySnapshotId?: string | undefined;
  readonly isFlagged?: boolean;
  readonly outputHash?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly durationMs?: number;
}

export function inputHashOf({ params }: ReadRequest): string {
  return sha256Hex(canonicalJson(params));
}

/** The row of evidence of a read, beside those of calls: its method stands where a call names its tool. */
export function insertReadEvidence(work: Work, record: ReadRecord): string {
  const { context } = work;
  const { readId, serverId, request, hidden, outcome, reason, message } = record;
  const isBlocked = outcome === 'refused' || outcome === 'killed';
  return insertInvocation(work, {
    ...{ invocationId: readId, toolId: null, serverId, toolName: request.method },
    inputHash: inputHashOf(request),
    inputPreview: previewOf(namedBy(request), hidden),
    definitionHash: null,
    actor: context.actor,
    runId: context.runId,
    stepIndex: context.stepIndex,
    traceId: context.traceId,
    policyId: record.policyId ?? null,
    policySnapshotId: record.policySnapshotId ?? null,
    policyDecision: isBlocked ? 'blocked' : record.isFlagged === true ? 'flagged' : 'allowed',
    policyReason: isBlocked ? (message ?? null) : null,
    outcome,
    outputHash: record.outputHash ?? null,
    errorCode: reason ?? null,
    errorMessage: message ?? null,
    durationMs: record.durationMs ?? null,
    invokedAt: new Date(record.requestedAt),
  });
}

// What is filled in may be personal, and no tool's schema says where.
function namedBy({ method, params }: ReadRequest): unknown {
  if (method === 'resources/read') return params;
  return method === 'prompts/get'
    ? { name: params.name }
    : { ref: params.ref, argument: { name: params.argument.name } };
}

/** What every event of a read says of it. */
export function namesOf({ readId, serverId, request }: Pick<ReadRecord, 'readId' | 'serverId' | 'request'>) {
  return { read_id: readId, server_id: serverId, method: request.method, input_hash: inputHashOf(request) };
}
