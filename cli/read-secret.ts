import { usageFailure } from './failures';
import { readText } from './read-input';
import type { Session } from './session';

/** What is asked for at a terminal, by type; what one may do without is given as JSON. */
const fieldsOf: Readonly<Record<string, readonly string[]>> = {
  api_key: ['api_key'],
  bearer_token: ['token'],
  basic_auth: ['username', 'password'],
  oauth: ['client_id', 'client_secret', 'token_url'],
  database: ['host', 'username', 'password'],
  ssh_key: [],
  certificate: [],
  custom: [],
};
export const secretTypes = Object.keys(fieldsOf);

/**
 * A secret from a file, from standard input, or typed unseen; never from the command line, which others can list. JSON
 * holds its fields; other text is the one field of a type that has only one.
 */
export async function readSecret(
  { run }: Session,
  type: string,
  file: string | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  const fields = fieldsOf[type] ?? [];
  if (file === undefined && run.stdin.isTTY && fields.length > 0) {
    const typed: [string, string][] = [];
    for (const field of fields) typed.push([field, await run.stdin.askHidden(`${field} (not shown): `)]);
    return Object.fromEntries(typed);
  }
  if (file === undefined && run.stdin.isTTY) {
    throw usageFailure(
      `a secret of type ${type} has fields that are not typed`,
      'give a JSON file: --secret-file FILE',
    );
  }
  const text = file === undefined || file === '-' ? await run.stdin.read() : readText(file, run.cwd);
  return parseSecret(text, type, fields);
}

function parseSecret(text: string, type: string, fields: readonly string[]): Readonly<Record<string, unknown>> {
  const [only] = fields;
  const json = parseObject(text);
  if (json !== undefined) return json;
  const line = text.replace(/\r?\n$/, '');
  if (line !== '' && fields.length === 1 && only !== undefined) return { [only]: line };
  throw usageFailure(line === '' ? 'no secret was given' : `a secret of type ${type} is given as a JSON object`);
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
