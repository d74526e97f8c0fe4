import {
  boundsOfType,
  sqlValueSchema,
  tenantParameter,
  type SqlParameter,
  type SqlParameters,
  type SqlParameterType,
  type SqlTemplateDefinition,
} from '../../contracts/sql-templates';
import { refusal } from '../../contracts/errors';
import { badSql, requireOneQuery, scanSql } from './parse-statement';

export interface CompiledTemplate {
  /** The text with `$n` for each named parameter, cast to its type. */
  readonly statement: string;
  /** Names of the parameters, in the order of their numbers. */
  readonly parameterOrder: readonly string[];
}

const postgresTypes: Readonly<Record<SqlParameterType, string>> = {
  str: 'text',
  int: 'bigint',
  float: 'double precision',
  bool: 'boolean',
  date: 'date',
  timestamp: 'timestamptz',
  uuid: 'uuid',
  'list[str]': 'text[]',
  'list[int]': 'bigint[]',
};

/** Numbers the named parameters of a template, and refuses a text or a declaration that could not work. */
export async function compileTemplate(definition: SqlTemplateDefinition): Promise<CompiledTemplate> {
  const { sql, parameters, columns } = definition;
  requireParameters(parameters);
  if (new Set([columns.id, ...columns.metadata]).size !== 1 + columns.metadata.length) {
    throw wrong('columns', 'id and metadata name a column twice');
  }
  const compiled = await numberParameters(sql, parameters);
  const unused = Object.keys(parameters).find((name) => !compiled.parameterOrder.includes(name));
  if (unused !== undefined) throw wrong(`parameters.${unused}`, 'the text does not use it');
  return { ...compiled, statement: await requireOneQuery(compiled.statement) };
}

async function numberParameters(sql: string, parameters: SqlParameters): Promise<CompiledTemplate> {
  const bytes = Buffer.from(sql);
  const tokens = await scanSql(sql);
  const order: string[] = [];
  const pieces: string[] = [];
  let copied = 0;
  for (const [index, token] of tokens.entries()) {
    if (/^\$\d/.test(token.text)) throw badSql(`${token.text} has no name: write :name and declare it`);
    const name = tokens[index + 1];
    if (token.text !== ':' || name === undefined || name.start !== token.end || !isName(name.text)) continue;
    const type = typeOf(name.text, parameters);
    const known = order.indexOf(name.text);
    const number = known === -1 ? order.push(name.text) : known + 1;
    pieces.push(bytes.toString('utf8', copied, token.start), `$${number}::${postgresTypes[type]}`);
    copied = name.end;
  }
  return { statement: [...pieces, bytes.toString('utf8', copied)].join(''), parameterOrder: order };
}

function isName(text: string): boolean {
  return /^[a-zA-Z_\u0080-\uffff]/.test(text);
}

function typeOf(name: string, parameters: SqlParameters): SqlParameterType {
  if (name === tenantParameter) return 'str';
  const parameter = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
  if (parameter === undefined) throw badSql(`:${name} is not declared among the parameters`);
  return parameter.type;
}

function requireParameters(parameters: SqlParameters): void {
  for (const [name, parameter] of Object.entries(parameters)) {
    const field = `parameters.${name}`;
    if (name === tenantParameter) throw wrong(field, 'it is bound from the credential and cannot be declared');
    requireBounds(field, parameter);
    if (parameter.default !== undefined && !sqlValueSchema(parameter).safeParse(parameter.default).success) {
      throw wrong(`${field}.default`, `it is no ${parameter.type} within the bounds`);
    }
  }
}

function requireBounds(field: string, { type, min, max, max_length: lengthMax }: SqlParameter): void {
  const known = boundsOfType[type];
  if (lengthMax !== undefined && !known.includes('length')) throw wrong(field, `a ${type} has no max_length`);
  for (const bound of [min, max]) {
    if (bound === undefined) continue;
    const isFit =
      typeof bound === 'number'
        ? known.includes('number')
        : known.includes('time') &&
          !Number.isNaN(Date.parse(bound)) &&
          sqlValueSchema({ type, required: true }).safeParse(bound).success;
    if (!isFit) throw wrong(field, `min and max of a ${type} ${boundWords(known)}`);
  }
}

function boundWords(known: readonly string[]): string {
  if (known.includes('number')) return 'are numbers';
  return known.includes('time') ? 'are texts in ISO form' : 'do not exist';
}

function wrong(field: string, message: string) {
  return refusal('validation_error', `${field}: ${message}`, { details: { field } });
}
