export const switchScopes = ['global', 'tenant', 'capability', 'plane', 'server', 'run', 'integration'] as const;
export type SwitchScope = (typeof switchScopes)[number];

export const switchKinds = ['kill', 'stop', 'pause', 'degraded'] as const;
export type SwitchKind = (typeof switchKinds)[number];

/** What becomes of a run that is still paused when its time is over. */
export const pauseTimeouts = ['TERMINATE', 'CONTINUE', 'ESCALATE'] as const;
export type PauseTimeout = (typeof pauseTimeouts)[number];

/** How long a pause may last unless its switch says otherwise, and how long before its end a warning is recorded. */
export const pauseSlaSecondsDefault = 3_600;
export const pauseWarningSeconds = 300;

export interface Scope {
  readonly type: SwitchScope;
  /** Empty for the global scope. */
  readonly id: string;
}

/** The scope of one switch: null where it belongs to nobody and so counts for every tenant. */
export interface OwnedScope extends Scope {
  readonly tenantId: string | null;
}

export interface SwitchRow {
  readonly switchId: string;
  readonly kind: SwitchKind;
  readonly scopeType: SwitchScope;
  readonly scopeId: string;
  readonly owner: 'tenant' | 'operator';
  readonly enabled: boolean;
  readonly epoch: number;
}

/** A switch that changed, as it is announced to the processes. `tenantId` is null where it counts for all. */
export interface SwitchNotice extends SwitchRow {
  readonly tenantId: string | null;
}

/** Name of the Postgres notification channel. */
export const switchChannel = 'aos_switches';

export const governanceModes = ['NORMAL', 'DEGRADED', 'KILL'] as const;
export type GovernanceMode = (typeof governanceModes)[number];

/** Epochs seen when work began, by switch id; a switch that is absent had epoch 0. */
export type SeenEpochs = Readonly<Record<string, number>>;

/** The epochs of switches as they were read. */
export function epochsOf(rows: readonly Pick<SwitchRow, 'switchId' | 'epoch'>[]): SeenEpochs {
  return Object.fromEntries(rows.map(({ switchId, epoch }) => [switchId, epoch]));
}

/** Where an operation stands in its work: `work` begins something new, `step` the next part of what has begun. */
export type Begins = 'work' | 'step' | 'nothing';

export interface FenceDemand {
  readonly rows: readonly SwitchRow[];
  readonly begins: Begins;
  /** Set for work that began earlier: a kill thrown since then counts, though it may be off again. */
  readonly seen?: SeenEpochs | undefined;
  /** Pauses, by switch and epoch, that this work was allowed to go on under. */
  readonly passed?: SeenEpochs | undefined;
}

/**
 * The row that refuses this operation, if any: a kill always, a stop or a pause where the next step would begin, a
 * degraded scope where new work would. The strictest is named, so that nobody waits for a pause that is a kill.
 */
export function engagedSwitch({ rows, begins, seen, passed = {} }: FenceDemand): SwitchRow | undefined {
  const refusing = rows.filter((row) => {
    if (row.kind === 'kill') return row.enabled || (seen !== undefined && row.epoch > (seen[row.switchId] ?? 0));
    if (!row.enabled || begins === 'nothing') return false;
    if (row.kind === 'pause') return passed[row.switchId] !== row.epoch;
    return row.kind === 'stop' || begins === 'work';
  });
  return switchKinds.map((kind) => refusing.find((row) => row.kind === kind)).find((row) => row !== undefined);
}
