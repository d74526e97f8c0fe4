/** Seconds and counts so far, by phase. */
export type PhaseTotals = Readonly<Record<string, { readonly seconds: number; readonly count: number }>>;

const phaseOf: Readonly<Record<string, string>> = {
  'tools.calls.request': 'decision',
  // The approval that a call may need is looked at in the same transaction.
  'tools.calls.start': 'approval_check_and_intent',
  'tools.calls.settle': 'outcome',
};
const line = /^aos_operation_duration_seconds_(sum|count)\{([^}]*)\} (\S+)$/gm;

/** What the API has measured of its operations, from its page of metrics. */
export async function readPhases(apiUrl: string): Promise<PhaseTotals> {
  const page = await (await fetch(`${apiUrl}/metrics`)).text();
  const totals: Record<string, { seconds: number; count: number }> = {};
  for (const [, kind, labels = '', value] of page.matchAll(line)) {
    const phase = phaseOf[/operation="([^"]*)"/.exec(labels)?.[1] ?? ''];
    if (phase === undefined) continue;
    totals[phase] ??= { seconds: 0, count: 0 };
    totals[phase][kind === 'sum' ? 'seconds' : 'count'] += Number(value);
  }
  return totals;
}

/** Mean milliseconds of each phase between two readings. */
export function phasesBetween(before: PhaseTotals, after: PhaseTotals): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(after).map(([phase, { seconds, count }]) => {
      const earlier = before[phase] ?? { seconds: 0, count: 0 };
      return [phase, ((seconds - earlier.seconds) * 1_000) / Math.max(1, count - earlier.count)];
    }),
  );
}
