import type { Result } from './audit';

/** Violations, a line of JSON each, and a table of what was looked at. */
export function render(results: readonly Result[]): string {
  const lines = results.flatMap(({ violations }) => violations.map((each) => JSON.stringify(each)));
  const table = results.map(({ check, examined, violations }) => {
    const verdict = violations.length > 0 ? `${violations.length} violated` : examined > 0 ? 'holds' : 'nothing to see';
    return `${check.invariant.padEnd(4)} ${verdict.padEnd(15)} ${String(examined).padStart(9)} looked at  ${check.promise}`;
  });
  const open = results.flatMap(({ check, notJudged }) =>
    notJudged.map((each) => `${check.invariant.padEnd(4)} not judged: ${each}`),
  );
  return `${[...lines, ...table, ...open].join('\n')}\n`;
}
