import { readJsonObject } from './read-input';

/** A policy as a file says it, the same whether it is tried or made: BLOCK, unless it says otherwise. */
export function readPolicyFile(file: string, cwd: string): Readonly<Record<string, unknown>> {
  return { enforcement_mode: 'BLOCK', ...readJsonObject(file, cwd) };
}
