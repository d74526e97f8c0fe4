// Plain tables without a schema library, because workflows import them as values.

export const planeStates = [
  'DRAFT',
  'PENDING_VERIFY',
  'VERIFIED',
  'INGESTING',
  'INDEXED',
  'CLASSIFIED',
  'PENDING_ACTIVATE',
  'ACTIVE',
  'PENDING_DEACTIVATE',
  'DEACTIVATED',
  'ARCHIVED',
  'PURGED',
  'FAILED',
] as const;
export type PlaneState = (typeof planeStates)[number];

export const planeStateValues = {
  DRAFT: 100,
  PENDING_VERIFY: 110,
  VERIFIED: 120,
  INGESTING: 130,
  INDEXED: 140,
  CLASSIFIED: 150,
  PENDING_ACTIVATE: 160,
  ACTIVE: 200,
  PENDING_DEACTIVATE: 300,
  DEACTIVATED: 310,
  ARCHIVED: 320,
  PURGED: 400,
  FAILED: 500,
} as const satisfies Record<PlaneState, number>;

export type PlaneBand = 'onboarding' | 'operational' | 'offboarding' | 'terminal';

export function bandOf(state: PlaneState): PlaneBand {
  const value = planeStateValues[state];
  if (value < 200) return 'onboarding';
  if (value < 300) return 'operational';
  return value < 400 ? 'offboarding' : 'terminal';
}

/** Every legal edge; what is not here is illegal. */
export const planeTransitions = {
  DRAFT: ['PENDING_VERIFY', 'FAILED'],
  PENDING_VERIFY: ['VERIFIED', 'DRAFT', 'FAILED'],
  VERIFIED: ['INGESTING', 'FAILED'],
  INGESTING: ['INDEXED', 'VERIFIED', 'FAILED'],
  INDEXED: ['CLASSIFIED', 'FAILED'],
  CLASSIFIED: ['PENDING_ACTIVATE', 'FAILED'],
  PENDING_ACTIVATE: ['ACTIVE', 'CLASSIFIED', 'FAILED'],
  ACTIVE: ['PENDING_DEACTIVATE'],
  PENDING_DEACTIVATE: ['DEACTIVATED', 'ACTIVE', 'FAILED'],
  DEACTIVATED: ['ARCHIVED', 'FAILED'],
  ARCHIVED: ['PURGED', 'FAILED'],
  PURGED: [],
  FAILED: [],
} as const satisfies Record<PlaneState, readonly PlaneState[]>;

export function isLegalTransition(from: PlaneState, to: PlaneState): boolean {
  return (planeTransitions[from] as readonly PlaneState[]).includes(to);
}

export const jobKinds = [
  'verify_connectivity',
  'ingest_data',
  'index_data',
  'classify_data',
  'activate_plane',
  'sync_documents',
  'reclassify_documents',
] as const;
export type JobKind = (typeof jobKinds)[number];

export const jobStatuses = ['queued', 'running', 'completed', 'failed', 'killed', 'cancelled'] as const;
export type JobStatus = (typeof jobStatuses)[number];

export interface PlaneAction {
  readonly from: readonly PlaneState[];
  /** Null keeps the state. */
  readonly to: PlaneState | null;
  /** The state is entered when the job completes, not on request. */
  readonly entersOnCompletion?: boolean;
  readonly job?: JobKind;
  readonly gated?: boolean;
  /** Decided by job completion only; a request for it is refused. */
  readonly jobOnly?: boolean;
  /** Legal by state, but not offered by this version. */
  readonly unsupported?: boolean;
  /** States from which it is legal too, but not offered by this version. */
  readonly unsupportedFrom?: readonly PlaneState[];
}

const onboardingStates = ['DRAFT', 'PENDING_VERIFY', 'VERIFIED', 'INGESTING', 'INDEXED', 'CLASSIFIED'] as const;

export const planeActions = {
  verify_knowledge_plane: { from: ['DRAFT'], to: 'PENDING_VERIFY', job: 'verify_connectivity' },
  ingest_knowledge_plane: { from: ['VERIFIED'], to: 'INGESTING', job: 'ingest_data' },
  index_knowledge_plane: { from: ['INGESTING'], to: 'INDEXED', job: 'index_data', entersOnCompletion: true },
  classify_knowledge_plane: { from: ['INDEXED'], to: 'CLASSIFIED', job: 'classify_data', entersOnCompletion: true },
  request_activation: { from: ['CLASSIFIED'], to: 'PENDING_ACTIVATE' },
  activate_knowledge_plane: {
    from: ['PENDING_ACTIVATE'],
    to: 'ACTIVE',
    job: 'activate_plane',
    entersOnCompletion: true,
    gated: true,
  },
  job_complete: { from: ['PENDING_VERIFY', 'INGESTING'], to: null, jobOnly: true },
  retry_knowledge_plane: {
    from: ['PENDING_VERIFY', 'INGESTING', 'INDEXED', 'CLASSIFIED', 'PENDING_ACTIVATE', 'ACTIVE'],
    to: null,
  },
  fail_knowledge_plane: {
    from: [...onboardingStates, 'PENDING_ACTIVATE'],
    to: 'FAILED',
    unsupportedFrom: ['PENDING_DEACTIVATE', 'DEACTIVATED', 'ARCHIVED'],
  },
  deregister_knowledge_plane: { from: ['ACTIVE'], to: 'PENDING_DEACTIVATE', unsupported: true },
  cancel_deregister_knowledge_plane: { from: ['PENDING_DEACTIVATE'], to: 'ACTIVE', gated: true, unsupported: true },
  deactivate_knowledge_plane: { from: ['PENDING_DEACTIVATE'], to: 'DEACTIVATED', gated: true, unsupported: true },
  archive_knowledge_plane: { from: ['DEACTIVATED'], to: 'ARCHIVED', unsupported: true },
  purge_knowledge_plane: { from: ['ARCHIVED'], to: 'PURGED', gated: true, unsupported: true },
  erase_failed_knowledge_plane: { from: ['FAILED'], to: null, gated: true, unsupported: true },
} as const satisfies Record<string, PlaneAction>;

export type PlaneActionName = keyof typeof planeActions;

export function isPlaneAction(value: string): value is PlaneActionName {
  return Object.hasOwn(planeActions, value);
}

export function planeAction(name: PlaneActionName): PlaneAction {
  return planeActions[name];
}

/** Where the permanent failure of a job leads; a job of an ACTIVE plane, and a look again at any, leaves the state. */
export const failureTargets = {
  PENDING_VERIFY: 'DRAFT',
  INGESTING: 'VERIFIED',
  PENDING_ACTIVATE: 'CLASSIFIED',
  ACTIVE: 'ACTIVE',
} as const satisfies Partial<Record<PlaneState, PlaneState>>;

export function failureTarget(state: PlaneState, kind: JobKind): PlaneState {
  if (kind === 'reclassify_documents') return state;
  return (failureTargets as Partial<Record<PlaneState, PlaneState>>)[state] ?? 'FAILED';
}

export const stageNames = ['verify', 'ingest', 'index', 'classify', 'activate'] as const;
export type StageName = (typeof stageNames)[number];

/** The stages that each kind of job walks through, in order. */
export const jobStages = {
  verify_connectivity: ['verify'],
  ingest_data: ['ingest'],
  index_data: ['index'],
  classify_data: ['classify'],
  activate_plane: ['activate'],
  sync_documents: ['ingest', 'index', 'classify'],
  reclassify_documents: ['classify'],
} as const satisfies Record<JobKind, readonly StageName[]>;

export const documentStatuses = ['pending', 'stored', 'indexed', 'dead_letter', 'deleted'] as const;
export type DocumentStatus = (typeof documentStatuses)[number];

export const sensitivityLevels = ['public', 'internal', 'confidential', 'restricted'] as const;
export type SensitivityLevel = (typeof sensitivityLevels)[number];

export const sourceTypes = ['file', 'upload', 'sql', 'http'] as const;
export type SourceType = (typeof sourceTypes)[number];

/** States in which documents may be added or removed by hand. */
export const uploadStates: readonly PlaneState[] = ['DRAFT', 'VERIFIED', 'ACTIVE'];
/** States whose documents are classified and may be looked at again under newer rules. */
export const reclassifyStates: readonly PlaneState[] = ['CLASSIFIED', 'PENDING_ACTIVATE', 'ACTIVE'];
export const bindStates: readonly PlaneState[] = ['PENDING_ACTIVATE', 'ACTIVE'];
