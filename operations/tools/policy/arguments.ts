import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { withinTime } from './within-time';

export interface ArgumentIssue {
  /** JSON pointer (RFC 6901) into the arguments; empty for the whole. */
  readonly field: string;
  readonly message: string;
}

export type ArgumentCheck =
  | { readonly isValid: true }
  /** The schema itself cannot be used: the tool is at fault, not the caller. */
  | { readonly isValid: false; readonly fault: 'schema'; readonly message: string }
  | { readonly isValid: false; readonly fault: 'arguments'; readonly issues: readonly ArgumentIssue[] };

const schemaBytesMax = 256 * 1024;
// References and patterns of a schema may take exponential time.
const timeMsMax = 2_000;
const rememberedMax = 500;

const remembered = new Map<string, ValidateFunction | Error>();

/** Holds arguments to a tool's JSON Schema (2020-12, which MCP takes as the default). `key` names the schema's content. */
export function checkArguments(
  schema: Readonly<Record<string, unknown>>,
  key: string,
  value: Readonly<Record<string, unknown>>,
): ArgumentCheck {
  const validate = validatorOf(schema, key);
  if (validate instanceof Error) return { isValid: false, fault: 'schema', message: validate.message };
  try {
    if (withinTime(() => validate(value), timeMsMax)) return { isValid: true };
  } catch {
    return { isValid: false, fault: 'schema', message: `the arguments could not be checked in ${timeMsMax} ms` };
  }
  const issues = (validate.errors ?? []).map(({ instancePath, message }) => ({
    field: instancePath,
    message: message ?? 'is wrong',
  }));
  return { isValid: false, fault: 'arguments', issues };
}

/** What keeps a schema from being used, or nothing. Looked at when a tool is discovered. */
export function schemaIssue(schema: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const validate = validatorOf(schema, key);
  return validate instanceof Error ? validate.message : undefined;
}

function validatorOf(schema: Readonly<Record<string, unknown>>, key: string): ValidateFunction | Error {
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const made = compile(schema);
  if (remembered.size >= rememberedMax) remembered.delete(remembered.keys().next().value ?? key);
  remembered.set(key, made);
  return made;
}

function compile(schema: Readonly<Record<string, unknown>>): ValidateFunction | Error {
  const tooMuch = sizeIssue(schema);
  if (tooMuch !== undefined) return new Error(tooMuch);
  // One instance for each schema: ids of one server's schema must not be seen by another's.
  const ajv = new Ajv2020({ strict: false, logger: false });
  (addFormats as unknown as typeof addFormats.default)(ajv, { mode: 'fast' });
  try {
    // Only 2020-12 is compiled, whatever the schema says of itself.
    const { $schema: _, ...keywords } = schema;
    return withinTime(() => ajv.compile(keywords), timeMsMax);
  } catch (error) {
    return new Error(error instanceof Error ? error.message.slice(0, 300) : String(error));
  }
}

function sizeIssue(schema: Readonly<Record<string, unknown>>): string | undefined {
  if (Buffer.byteLength(JSON.stringify(schema)) > schemaBytesMax) return 'the schema is longer than 256 KiB';
  return undefined;
}
