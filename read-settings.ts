import { z } from 'zod';

/** A missing or wrong setting. The message is one sentence that names the variable; processes print it and leave. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export type Environment = Readonly<Record<string, string | undefined>>;
type Shape = Record<string, z.ZodType>;

/** The settings of the shape, each checked. Throws ConfigError for the first that is missing or wrong. */
export function readSettings<S extends Shape>(shape: S, environment: Environment): z.infer<z.ZodObject<S>> {
  const result = z.object(shape).safeParse(present(environment));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const name = String(issue?.path[0]);
  const missing = setting(environment, name) === undefined;
  throw new ConfigError(`${name} ${missing ? 'must be set' : issue?.message}.`);
}

/** An empty setting counts as none, so that `AOS_X= npm start` means the default. */
export function present(environment: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => (entry[1] ?? '').trim() !== ''),
  );
}

/** Undefined when it is absent or empty. */
export function setting(environment: Environment, name: string): string | undefined {
  const value = environment[name];
  return value === undefined || value.trim() === '' ? undefined : value;
}
