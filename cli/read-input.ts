import { readFileSync } from 'node:fs';
import path from 'node:path';
import { usageFailure } from './failures';

/** The JSON object of a file, for commands whose body is too rich for flags. */
export function readJsonObject(file: string, cwd: string): Readonly<Record<string, unknown>> {
  return parseJsonObject(readText(file, cwd), file);
}

/** The JSON object of a text; `origin` tells where it stands. */
export function parseJsonObject(text: string, origin: string): Readonly<Record<string, unknown>> {
  const value = parse(text, origin);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw usageFailure(`${origin} does not hold a JSON object`);
}

export function readText(file: string, cwd: string): string {
  try {
    return readFileSync(path.resolve(cwd, file), 'utf8');
  } catch (error) {
    throw usageFailure(`${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}

function parse(text: string, origin: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw usageFailure(`${origin} is not JSON`);
  }
}
