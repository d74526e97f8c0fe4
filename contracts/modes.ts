export const enforcementModes = ['MONITOR', 'ENFORCE', 'STRICT'] as const;
/** How strictly an operation is held to its invariants: recorded only, stopped at CRITICAL and HIGH, or at any. */
export type EnforcementMode = (typeof enforcementModes)[number];

export type InvariantSeverity = 'CRITICAL' | 'HIGH' | 'MEDIUM';
