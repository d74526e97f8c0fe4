import { refusal } from '../../../contracts/errors';
import type { PolicyConditions } from '../../../contracts/policies';
import { compileExpression, ExpressionError } from './expression';

/** Refuses conditions whose expressions could never be evaluated, with the place and what is wrong. */
export function requireExpressions({ tool_rules: rules = [] }: PolicyConditions): void {
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

function invalid(field: string, message: string) {
  return refusal('validation_error', `${field}: ${message}`, {
    details: { field, field_errors: [{ field, message }] },
  });
}
