import { refusal } from '../../../contracts/errors';
import type { PolicyConditions } from '../../../contracts/policies';
import type { ToolRedaction } from '../../../contracts/tool-redactions';
import { pathIssue } from '../redaction/paths';
import { compileExpression, ExpressionError } from './expression';

/** Refuses conditions whose expressions or paths could never be evaluated, with the place and what is wrong. */
export function requireExpressions({
  tool_rules: rules = [],
  tool_redactions: redactions = [],
}: PolicyConditions): void {
  for (const [at, redaction] of redactions.entries()) requirePaths(`conditions.tool_redactions.${at}`, redaction);
  for (const [at, { when, effect, approvers }] of rules.entries()) {
    const field = `conditions.tool_rules.${at}`;
    if (approvers > 1 && effect !== 'require_approval') {
      throw invalid(`${field}.approvers`, 'counts for require_approval only');
    }
    if (when === undefined) continue;
    try {
      compileExpression(when);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      throw invalid(`${field}.when`, error.message);
    }
  }
}

function requirePaths(field: string, { input, result }: ToolRedaction): void {
  for (const [part, paths] of Object.entries({ input, result })) {
    for (const [at, path] of paths.entries()) {
      const issue = pathIssue(path);
      if (issue !== undefined) throw invalid(`${field}.${part}.${at}`, issue);
    }
  }
}

function invalid(field: string, message: string) {
  return refusal('validation_error', `${field}: ${message}`, {
    details: { field, field_errors: [{ field, message }] },
  });
}
