export const switchScopes = ['global', 'tenant', 'capability', 'plane', 'server', 'run', 'integration'] as const;
export type SwitchScope = (typeof switchScopes)[number];

export const switchKinds = ['kill', 'stop', 'pause', 'degraded'] as const;
export type SwitchKind = (typeof switchKinds)[number];

/** What this version acts on; others are refused with `unsupported_operation`. A run switch comes from the kill signal. */
export const supportedSwitchScopes: readonly SwitchScope[] = ['global', 'tenant', 'plane'];
export const supportedSwitchKinds: readonly SwitchKind[] = ['kill', 'degraded'];

export interface Scope {
  readonly type: SwitchScope;
  /** Empty for the global scope. */
  readonly id: string;
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

export const governanceModes = ['NORMAL', 'DEGRADED', 'KILL'] as const;
export type GovernanceMode = (typeof governanceModes)[number];

/** Epochs seen when work began, by switch id; a switch that is absent had epoch 0. */
export type SeenEpochs = Readonly<Record<string, number>>;

export interface FenceDemand {
  readonly rows: readonly SwitchRow[];
  /** The operation begins new work, which a degraded scope refuses. */
  readonly startsWork: boolean;
  /** Set for work that began earlier: a kill thrown since then counts, though it may be off again. */
  readonly seen?: SeenEpochs;
}

/** The row that refuses this operation, if any. */
export function engagedSwitch({ rows, startsWork, seen }: FenceDemand): SwitchRow | undefined {
  return rows.find((row) => {
    if (row.kind === 'kill') return row.enabled || (seen !== undefined && row.epoch > (seen[row.switchId] ?? 0));
    if (row.kind === 'degraded') return row.enabled && startsWork;
    return row.enabled;
  });
}
