import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { beginningOf } from '../../../contracts/text';
import { isPlainSchema } from './plain-schema';
import { OutOfTime, withinTime } from './within-time';

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
// Without references and patterns no check takes more steps than a few for each byte of the schema and each of the value.
const unwatchedProductMax = 4_000_000;
const rememberedMax = 500;
const messageMax = 300;

interface Validator {
  readonly validate: ValidateFunction;
  /** Bytes of arguments up to which a check is not watched, since a watch costs a thread and more time than the check. */
  readonly unwatchedBytes: number;
}

const remembered = new Map<string, Validator | Error>();
const plainOptions = { strict: false, logger: false } as const;
// Knows the meta-schema, which takes longer to compile than most schemas. It is compiled here and not when it is first asked
// for: that may be ended by the clock, and what was half compiled would be of no use to anybody any more.
const metaSchema = new Ajv2020(plainOptions);
addFormatsTo(metaSchema);
void metaSchema.validateSchema({});

/** Holds arguments to a tool's JSON Schema (2020-12, which MCP takes as the default). `key` names the schema's content. */
export function checkArguments(
  schema: Readonly<Record<string, unknown>>,
  key: string,
  value: Readonly<Record<string, unknown>>,
  bytes: number = Buffer.byteLength(JSON.stringify(value)),
): ArgumentCheck {
  const validator = validatorOf(schema, key);
  if (validator instanceof Error) return { isValid: false, fault: 'schema', message: validator.message };
  const { validate, unwatchedBytes } = validator;
  const check = () => validate(value);
  try {
    if ((bytes <= unwatchedBytes ? check() : withinTime(check, timeMsMax)) === true) return { isValid: true };
  } catch (error) {
    const why = error instanceof OutOfTime ? error.message : 'the schema refers to itself without end';
    return { isValid: false, fault: 'schema', message: `the arguments could not be checked: ${why}` };
  }
  const issues = (validate.errors ?? []).map(({ instancePath, message }) => ({
    field: instancePath,
    message: message ?? 'is wrong',
  }));
  return { isValid: false, fault: 'arguments', issues };
}

/** What keeps a schema from being used, or nothing; references are looked at when it is used first. */
export function schemaIssue(schema: Readonly<Record<string, unknown>>): string | undefined {
  if (Buffer.byteLength(JSON.stringify(schema)) > schemaBytesMax) return 'the schema is longer than 256 KiB';
  if (metaSchema.validateSchema(keywordsOf(schema)) === true) return undefined;
  return beginningOf(metaSchema.errorsText(metaSchema.errors, { dataVar: 'the schema' }), messageMax);
}

function validatorOf(schema: Readonly<Record<string, unknown>>, key: string): Validator | Error {
  const known = remembered.get(key);
  if (known !== undefined) return known;
  const made = compile(schema);
  if (remembered.size >= rememberedMax) remembered.delete(remembered.keys().next().value ?? key);
  remembered.set(key, made);
  return made;
}

function compile(schema: Readonly<Record<string, unknown>>): Validator | Error {
  const issue = schemaIssue(schema);
  if (issue !== undefined) return new Error(issue);
  // One instance for each schema: ids of one server's schema must not be seen by another's.
  const ajv = new Ajv2020({ ...plainOptions, validateSchema: false });
  addFormatsTo(ajv);
  try {
    const keywords = keywordsOf(schema);
    const validate = withinTime(() => ajv.compile(keywords), timeMsMax);
    const schemaBytes = Buffer.byteLength(JSON.stringify(schema));
    return { validate, unwatchedBytes: isPlainSchema(keywords) ? unwatchedProductMax / schemaBytes : 0 };
  } catch (error) {
    return new Error(beginningOf(error instanceof Error ? error.message : String(error), messageMax));
  }
}

// Only 2020-12 is applied, whatever the schema says of itself. `$async` is the library's own word, and no answer but a
// promise of one.
function keywordsOf({ $schema: _, $async: __, ...keywords }: Readonly<Record<string, unknown>>) {
  return keywords;
}

function addFormatsTo(ajv: Ajv2020): void {
  (addFormats as unknown as typeof addFormats.default)(ajv, { mode: 'fast' });
}
