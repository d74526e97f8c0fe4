import type { z } from 'zod';
import { refusal } from '../contracts/errors';

const fieldErrorsMax = 50;
const fieldLengthMax = 200;

interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** Returns the parsed part of a request; what does not fit is refused with the fields found wrong. */
export function parsePart<T>(schema: z.ZodType<T>, part: 'query' | 'body', value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const fieldErrors = parsed.error.issues.flatMap(toFieldErrors).slice(0, fieldErrorsMax);
  const [first = { field: '', message: 'not valid' }] = fieldErrors;
  const where = first.field === '' ? '' : `${first.field}: `;
  throw refusal('validation_error', `the ${part} is not valid: ${where}${first.message}`, {
    details: { field: first.field, field_errors: fieldErrors },
  });
}

/** Returns the ids in the path. One that no resource can have names nothing, like one that none has. */
export function parsePath<T>(schema: z.ZodType<T>, value: Readonly<Record<string, unknown>>): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const isPlane = parsed.error.issues.some(({ path }) => path[0] === 'plane_id');
  if (isPlane) throw refusal('PLANE_NOT_FOUND', 'there is no such plane; list yours with GET /planes');
  throw refusal('NOT_FOUND', 'there is nothing of this id');
}

function toFieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ field: toField([...path, key]), message: 'there is no such field' }));
  }
  return [{ field: toField(path), message: issue.message }];
}

function toField(path: readonly string[]): string {
  return path.join('.').slice(0, fieldLengthMax);
}
