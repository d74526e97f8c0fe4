import type { PlaneFlags, PlaneView, SourceView } from '../../contracts/api/knowledge';
import {
  bandOf,
  bindStates,
  planeStateValues,
  type PlaneState,
  type SensitivityLevel,
} from '../../contracts/knowledge';
import { planeRate, type Rate } from '../../contracts/rate-limits';
import type { BindingRow, PlaneRow, PlaneWithParts, SourceRow } from '../../prisma/reads/planes';
import { isoOrNull } from './time';

export function stateOf({ status }: Pick<PlaneRow, 'status'>): PlaneState {
  return status.toUpperCase() as PlaneState;
}

export function toPlaneView({ plane, sources, bindings, documentCounts, rates }: PlaneWithParts): PlaneView {
  const state = stateOf(plane);
  return {
    plane_id: plane.planeId,
    tenant_id: plane.tenantId,
    name: plane.name,
    description: plane.description,
    plane_type: plane.planeType,
    state,
    state_value: planeStateValues[state],
    band: bandOf(state),
    flags: flagsOf(state),
    sensitivity_level: plane.sensitivityLevel as SensitivityLevel | null,
    pii_detected: plane.piiDetected,
    document_count: plane.documentCount,
    chunk_count: plane.nodeCount,
    total_bytes: Number(plane.totalBytes),
    active_job_id: plane.activeJobId,
    next_action: nextAction(plane, bindings),
    status_reason: plane.statusReason,
    bound_policies: bindings.map(({ policyId }) => policyId),
    sources: sources.map((source) => toSourceView(source, documentCounts.get(source.sourceId) ?? 0)),
    embedding_model: plane.embeddingModel,
    endpoint: toEndpoint(plane, rates),
    onboard: plane.onboard,
    unreadable_tolerance: plane.unreadableTolerance,
    created_by: plane.createdBy,
    created_at: plane.createdAt.toISOString(),
    updated_at: plane.updatedAt.toISOString(),
  };
}

// The limit is the one of this moment, since the operator may have set another than the plane opened with.
function toEndpoint(
  { planeId, endpoint }: PlaneRow,
  rates: ReadonlyMap<string, Rate> | undefined,
): Record<string, unknown> | null {
  if (endpoint === null) return null;
  const { requests, seconds } = rates?.get(planeId) ?? planeRate;
  return { ...(endpoint as Record<string, unknown>), rate_limit: { requests, window_seconds: seconds } };
}

/** The plane as its registration left it, whatever became of it since: a repeated call gets an equal answer. */
export function toRegisteredView(parts: PlaneWithParts, firstJobId: string | null): PlaneView {
  const { plane } = parts;
  const asMade: PlaneRow = {
    ...plane,
    status: plane.onboard ? 'pending_verify' : 'draft',
    activeJobId: plane.onboard ? firstJobId : null,
    nextAction: null,
    statusReason: null,
    sensitivityLevel: null,
    piiDetected: false,
    documentCount: 0,
    nodeCount: 0,
    totalBytes: 0n,
    embeddingModel: null,
    endpoint: null,
    updatedAt: plane.createdAt,
  };
  const sources = parts.sources.map((source) => ({
    ...source,
    status: 'pending',
    lastIngestedAt: null,
    lastError: null,
  }));
  return toPlaneView({ plane: asMade, sources, bindings: [], documentCounts: new Map() });
}

function toSourceView(source: SourceRow, documentCount: number): SourceView {
  return {
    source_id: source.sourceId,
    source_type: source.sourceType,
    name: source.name,
    config: source.config as Record<string, unknown>,
    status: source.status,
    document_count: documentCount,
    last_ingested_at: isoOrNull(source.lastIngestedAt),
    last_error: source.lastError,
  };
}

export function flagsOf(state: PlaneState): PlaneFlags {
  const band = bandOf(state);
  return {
    allows_queries: state === 'ACTIVE',
    allows_policy_binding: bindStates.includes(state),
    allows_new_runs: state === 'ACTIVE',
    allows_modifications: band === 'onboarding' || band === 'operational',
    is_onboarding: band === 'onboarding',
    is_operational: band === 'operational',
    is_offboarding: band === 'offboarding',
    is_terminal: band === 'terminal',
  };
}

const defaultActions: Partial<Record<PlaneState, string>> = {
  DRAFT: 'verify_knowledge_plane',
  VERIFIED: 'ingest_knowledge_plane',
  INGESTING: 'index_knowledge_plane',
  INDEXED: 'classify_knowledge_plane',
  CLASSIFIED: 'request_activation',
};

/** What the plane waits for; null while a job works, and where nothing is left to do. */
export function nextAction(plane: PlaneRow, bindings: readonly BindingRow[]): string | null {
  if (plane.activeJobId !== null) return null;
  if (plane.nextAction !== null) return plane.nextAction;
  const state = stateOf(plane);
  if (state !== 'PENDING_ACTIVATE') return defaultActions[state] ?? null;
  return bindings.some(({ counts }) => counts) ? 'activate_knowledge_plane' : 'bind_policy';
}
