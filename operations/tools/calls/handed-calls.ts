import type { ToolArguments } from '../../../contracts/tool-call-schemas';

export interface HandedCall {
  readonly tenantId: string;
  readonly invocationId: string;
  readonly serverId: string;
  readonly arguments: ToolArguments;
}

/**
 * Calls that were taken on in this process and are waited for here, so that whoever carries one out here need not read and
 * decrypt what was just written. Its start compares the arguments with what was decided about.
 */
export interface HandedCalls {
  /** Returns what ends it. */
  give(call: HandedCall): () => void;
  of(tenantId: string, invocationId: string): HandedCall | undefined;
}

export function createHandedCalls(): HandedCalls {
  const byId = new Map<string, HandedCall>();
  return {
    give(call) {
      byId.set(call.invocationId, call);
      return () => byId.delete(call.invocationId);
    },
    of(tenantId, invocationId) {
      const call = byId.get(invocationId);
      return call?.tenantId === tenantId ? call : undefined;
    },
  };
}
