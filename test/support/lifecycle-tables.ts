/** The specification's own tables of states, edges and actions, written down a second time as an oracle. */
export const states = [
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
export type State = (typeof states)[number];

export const stateValues: Readonly<Record<State, number>> = {
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
};

/** How a request for a pair of states ends. */
export type Outcome = 'accepted' | 'accepted_as_job' | 'gate' | 'job_only' | 'unsupported' | 'illegal';

const legal: Partial<Record<State, Partial<Record<State, Outcome>>>> = {
  DRAFT: { PENDING_VERIFY: 'accepted', FAILED: 'accepted' },
  PENDING_VERIFY: { VERIFIED: 'job_only', DRAFT: 'job_only', FAILED: 'accepted' },
  VERIFIED: { INGESTING: 'accepted', FAILED: 'accepted' },
  INGESTING: { INDEXED: 'accepted_as_job', VERIFIED: 'job_only', FAILED: 'accepted' },
  INDEXED: { CLASSIFIED: 'accepted_as_job', FAILED: 'accepted' },
  CLASSIFIED: { PENDING_ACTIVATE: 'accepted', FAILED: 'accepted' },
  PENDING_ACTIVATE: { ACTIVE: 'gate', CLASSIFIED: 'job_only', FAILED: 'accepted' },
  ACTIVE: { PENDING_DEACTIVATE: 'unsupported' },
  PENDING_DEACTIVATE: { DEACTIVATED: 'unsupported', ACTIVE: 'unsupported', FAILED: 'unsupported' },
  DEACTIVATED: { ARCHIVED: 'unsupported', FAILED: 'unsupported' },
  ARCHIVED: { PURGED: 'unsupported', FAILED: 'unsupported' },
};

export function outcomeOfPair(from: State, to: State): Outcome {
  return legal[from]?.[to] ?? 'illegal';
}

const onboarding: readonly State[] = states.slice(0, 7);

const actionOutcomes: Readonly<Record<string, Partial<Record<State, Outcome>>>> = {
  verify_knowledge_plane: { DRAFT: 'accepted' },
  ingest_knowledge_plane: { VERIFIED: 'accepted' },
  index_knowledge_plane: { INGESTING: 'accepted_as_job' },
  classify_knowledge_plane: { INDEXED: 'accepted_as_job' },
  request_activation: { CLASSIFIED: 'accepted' },
  activate_knowledge_plane: { PENDING_ACTIVATE: 'gate' },
  job_complete: {},
  // Without a failed job there is nothing to retry in any state.
  retry_knowledge_plane: {},
  fail_knowledge_plane: {
    ...Object.fromEntries(onboarding.map((state) => [state, 'accepted'])),
    PENDING_DEACTIVATE: 'unsupported',
    DEACTIVATED: 'unsupported',
    ARCHIVED: 'unsupported',
  },
  deregister_knowledge_plane: { ACTIVE: 'unsupported' },
  cancel_deregister_knowledge_plane: { PENDING_DEACTIVATE: 'unsupported' },
  deactivate_knowledge_plane: { PENDING_DEACTIVATE: 'unsupported' },
  archive_knowledge_plane: { DEACTIVATED: 'unsupported' },
  purge_knowledge_plane: { ARCHIVED: 'unsupported' },
  erase_failed_knowledge_plane: { FAILED: 'unsupported' },
};

export const actions = Object.keys(actionOutcomes);

export function outcomeOfAction(state: State, action: string): Outcome {
  return actionOutcomes[action]?.[state] ?? 'illegal';
}
