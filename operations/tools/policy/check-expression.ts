import type { parse } from '@bufbuild/cel';

type Expr = ReturnType<typeof parse>['expr'];

/** The functions of CEL's standard (cel-spec, list of standard definitions) and of its string extension. */
const functions: ReadonlySet<string> = new Set([
  ...['_&&_', '_||_', '!_', '_?_:_', '_==_', '_!=_', '_<_', '_<=_', '_>_', '_>=_', '@in', '@not_strictly_false'],
  ...['_+_', '_-_', '_*_', '_/_', '_%_', '-_', '_[_]', 'size', 'type', 'dyn'],
  ...['bool', 'bytes', 'double', 'duration', 'int', 'string', 'timestamp', 'uint'],
  ...['contains', 'endsWith', 'startsWith', 'matches'],
  ...['getDate', 'getDayOfMonth', 'getDayOfWeek', 'getDayOfYear', 'getFullYear', 'getHours', 'getMilliseconds'],
  ...['getMinutes', 'getMonth', 'getSeconds'],
  // Without join and replace, which make long texts of short ones.
  ...['charAt', 'indexOf', 'lastIndexOf', 'lowerAscii', 'split', 'substring', 'trim', 'upperAscii'],
]);
const typeNames: ReadonlySet<string> = new Set([
  ...['bool', 'bytes', 'double', 'int', 'list', 'map', 'null_type', 'string', 'uint', 'type'],
]);
const nodesMax = 300;
const nodesInLoopsMax = 60;

interface Found {
  issue: string | undefined;
  isLooping: boolean;
  nodes: number;
  nodesInLoops: number;
  patterns: string[];
}

export interface CheckedExpression {
  readonly issue: string | undefined;
  readonly isLooping: boolean;
  /** The patterns that it matches texts with. */
  readonly patterns: readonly string[];
}

/**
 * Whether an expression names only what there is and stays cheap: at most 300 nodes, 60 of them in loops, no loop within
 * a loop, and only patterns that stand in it (RE2, so linear in the text).
 */
export function checkExpression(root: Expr, variables: readonly string[]): CheckedExpression {
  const found: Found = { issue: undefined, isLooping: false, nodes: 0, nodesInLoops: 0, patterns: [] };
  visit(root, new Set([...variables, ...typeNames]), false, found);
  return found;
}

function visit(expr: Expr | undefined, names: ReadonlySet<string>, isInLoop: boolean, found: Found): void {
  if (expr === undefined || found.issue !== undefined) return;
  found.nodes += 1;
  if (isInLoop) found.nodesInLoops += 1;
  if (found.nodes > nodesMax || found.nodesInLoops > nodesInLoopsMax) {
    found.issue = `is too long: more than ${nodesMax} parts, or ${nodesInLoopsMax} in loops`;
    return;
  }
  const each = (parts: readonly (Expr | undefined)[], inLoop = isInLoop, known = names) => {
    for (const part of parts) visit(part, known, inLoop, found);
  };
  const kind = expr.exprKind;
  switch (kind.case) {
    case 'identExpr': {
      if (!names.has(kind.value.name)) found.issue = `knows no variable ${kind.value.name}`;
      return;
    }
    case 'selectExpr':
      return each([kind.value.operand]);
    case 'callExpr': {
      const { function: name, target, args } = kind.value;
      if (!functions.has(name)) found.issue = `knows no function ${name}`;
      else if (name === 'matches') {
        const pattern = literalText(args.at(-1));
        if (pattern === undefined) found.issue = 'may match literal patterns only';
        else found.patterns.push(pattern);
      }
      return each([target, ...args]);
    }
    case 'listExpr':
      return each(kind.value.elements);
    case 'structExpr': {
      if (kind.value.messageName !== '') found.issue = `knows no message ${kind.value.messageName}`;
      return each(
        kind.value.entries.flatMap((entry) => [
          entry.keyKind.case === 'mapKey' ? entry.keyKind.value : undefined,
          entry.value,
        ]),
      );
    }
    case 'comprehensionExpr': {
      if (isInLoop) {
        found.issue = 'may not loop within a loop';
        return;
      }
      found.isLooping = true;
      const { iterRange, accuInit, loopCondition, loopStep, result, iterVar, iterVar2, accuVar } = kind.value;
      each([iterRange, accuInit]);
      return each([loopCondition, loopStep, result], true, new Set([...names, iterVar, iterVar2, accuVar]));
    }
    case 'constExpr':
    case undefined:
      return;
  }
}

function literalText(expr: Expr | undefined): string | undefined {
  if (expr?.exprKind.case !== 'constExpr') return undefined;
  const { constantKind } = expr.exprKind.value;
  return constantKind.case === 'stringValue' ? constantKind.value : undefined;
}
