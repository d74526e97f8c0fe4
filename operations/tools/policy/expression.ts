import { celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { checkExpression } from './check-expression';
import { expressionVariables, type ExpressionBindings } from './expression-bindings';

export interface Expression {
  /** True when the call's arguments must be bounded before it is evaluated. */
  readonly isLooping: boolean;
  /** Throws when it does not evaluate to a truth value. */
  evaluate(bindings: ExpressionBindings): boolean;
}

const environment = celEnv({ funcs: strings });
const remembered = new Map<string, Expression>();
const rememberedMax = 2_000;

/** Parses, checks and plans a CEL expression. Throws an `ExpressionError` that says what is wrong with it. */
export function compileExpression(source: string): Expression {
  const known = remembered.get(source);
  if (known !== undefined) return known;
  const compiled = compile(source);
  if (remembered.size >= rememberedMax) remembered.delete(remembered.keys().next().value ?? source);
  remembered.set(source, compiled);
  return compiled;
}

export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
}

function compile(source: string): Expression {
  const parsed = attempt(() => parse(source));
  const { issue, isLooping, patterns } = checkExpression(parsed.expr, expressionVariables);
  if (issue !== undefined) throw new ExpressionError(issue);
  for (const pattern of patterns) requirePattern(pattern);
  const planned = attempt(() => plan(environment, parsed));
  return {
    isLooping,
    evaluate(bindings) {
      const result = planned(bindings);
      if (isCelError(result)) throw new ExpressionError(withoutArguments(result.message, source));
      if (typeof result !== 'boolean') throw new ExpressionError('gives no truth value');
      return result;
    },
  };
}

// What the library says of a failure may quote an argument, of any length, which is not to be told or kept: `int(args.card)`.
function withoutArguments(message: string, source: string): string {
  const field = /^field not found: (.*)$/s.exec(message)?.[1];
  const isOwnWord = field !== undefined && source.includes(field);
  const namesTypesOnly = message.startsWith('found no matching overload') || message.startsWith('type mismatch');
  return isOwnWord || namesTypesOnly ? message : 'fails with these arguments';
}

const matchNothing = plan(environment, parse("''.matches(pattern)"));

function requirePattern(pattern: string): void {
  const result = matchNothing({ pattern });
  if (isCelError(result)) throw new ExpressionError(`has a bad pattern: ${result.message}`);
}

function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new ExpressionError(error instanceof Error ? error.message : String(error));
  }
}
