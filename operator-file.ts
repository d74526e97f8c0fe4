import { readFileSync, statSync } from 'node:fs';
import type { z } from 'zod';

interface OperatorFile<T> {
  readonly schema: z.ZodType<T>;
  readonly what: string;
  /** Whether it may hold secrets, so that not everybody may read it. */
  readonly isSecret: boolean;
}

/**
 * What a file of the operator holds. Throws a sentence about the file, never with what is in it: a value may be a
 * password that stands in the wrong place.
 */
export function readOperatorFile<T>(file: string, { schema, what, isSecret }: OperatorFile<T>): T {
  let text: string;
  try {
    if (isSecret && isReadableByAll(file)) {
      throw new Error('must not be readable by everybody: take the right away (chmod o-r)');
    }
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(code === undefined ? message : `names a file that cannot be read (${code})`);
  }
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`does not hold ${what}: ${(issue?.path ?? []).join('.') || 'the file'}: ${issue?.message}`);
}

// Windows has no such bits.
function isReadableByAll(file: string): boolean {
  return process.platform !== 'win32' && (statSync(file).mode & 0o004) !== 0;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('must name a file of JSON');
  }
}
