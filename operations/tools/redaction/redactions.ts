import type { SealedPolicies } from '../../../contracts/policies';
import { isNamed } from '../policy/rules-about';

export interface Redactions {
  /** JSONPath into the arguments. */
  readonly input: readonly string[];
  /** JSONPath into what the tool answers. */
  readonly result: readonly string[];
}

const none: Redactions = { input: [], result: [] };

/** What of a tool's arguments and results is not stored, by the policies in force. */
export function redactionsOf(
  policies: SealedPolicies['policies'] | undefined,
  { server, tool }: { readonly server: string; readonly tool: string },
): Redactions {
  const found = (policies ?? [])
    .filter(({ enforcement_mode: mode }) => mode === 'BLOCK' || mode === 'WARN')
    .flatMap(({ conditions }) => conditions.tool_redactions ?? [])
    .filter(({ servers, tools }) => isNamed(servers, server) && isNamed(tools, tool));
  if (found.length === 0) return none;
  const all = (paths: readonly string[]) => [...new Set(paths)];
  return { input: all(found.flatMap(({ input }) => input)), result: all(found.flatMap(({ result }) => result)) };
}
