import { celList, celMap, isCelError, parse, plan, celEnv, type CelInput } from '@bufbuild/cel';

/** What an expression may name. Numbers of JSON are doubles, which compare with whole numbers as one expects. */
export const expressionVariables = ['args', 'tool', 'server', 'caller', 'risk', 'now'] as const;

export interface CallVariables {
  readonly args: Readonly<Record<string, unknown>>;
  readonly tool: string;
  readonly server: string;
  readonly caller: Readonly<Record<string, unknown>>;
  readonly risk: string;
  readonly now: Date;
}

/** The variables as CEL's own values. */
export type ExpressionBindings = Readonly<Record<(typeof expressionVariables)[number], CelInput>>;

/** Each variable is converted when an expression first asks for it, and once for all expressions about a call. */
export function bindingsOf({ args, caller, now, ...names }: CallVariables): ExpressionBindings {
  const known: { args?: CelInput; caller?: CelInput; now?: CelInput } = {};
  return {
    ...{ tool: names.tool, server: names.server, risk: names.risk },
    get args() {
      return (known.args ??= celOf(args));
    },
    get caller() {
      return (known.caller ??= celOf(caller));
    },
    get now() {
      return (known.now ??= timestampOf(now));
    },
  };
}

/**
 * A value of JSON as CEL's. Left to the library it would be done again at each look, and an object that a caller gave a
 * `$typeName` would be taken for a message of protobuf, in which a rule sees none of its members.
 */
function celOf(value: unknown): CelInput {
  if (Array.isArray(value)) return celList(value.map(celOf));
  if (typeof value !== 'object' || value === null) return value as CelInput;
  const members = new Map<string, CelInput>();
  for (const [name, member] of Object.entries(value)) members.set(name, celOf(member));
  return celMap(members);
}

const readTimestamp = plan(celEnv(), parse('timestamp(text)'));

function timestampOf(moment: Date): CelInput {
  const timestamp = readTimestamp({ text: moment.toISOString() });
  if (isCelError(timestamp)) throw timestamp;
  return timestamp;
}
