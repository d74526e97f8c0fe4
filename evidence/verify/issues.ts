import type { z } from 'zod';

/** What a schema objects to, in one line: each place with its reason, the first three. */
export function describeIssues({ issues }: z.ZodError): string {
  const said = issues
    .slice(0, 3)
    .map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message));
  return said.join('; ') + (issues.length > 3 ? ` and ${issues.length - 3} more` : '');
}
