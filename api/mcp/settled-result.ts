import { SERVER_INFO_META_KEY, type CallToolResult, type Server } from '@modelcontextprotocol/server';
import type { CallView } from '../../contracts/api/tool-calls';
import { tellEnd, type Meta } from './told';

/** A call that has ended: what its server answered, as it came, or why there is no answer. */
export function settledResult(view: CallView, { server, outputSchema, isModern, meta }: ResultForm): CallToolResult {
  if (view.output === null) return tellEnd(view, meta);
  const { _meta: theirs, ...output } = view.output as CallToolResult;
  // Whoever answers names himself here, and that is the gateway.
  const { [SERVER_INFO_META_KEY]: _name, ...rest } = theirs ?? {};
  const result: CallToolResult = { ...output, _meta: { ...rest, ...meta } };
  return isModern ? result : (server.projectCallToolResult(result, outputSchema) as CallToolResult);
}

export interface ResultForm {
  readonly server: Pick<Server, 'projectCallToolResult'>;
  /** Older revisions take objects only, so other structured content is wrapped for them, as its schema was when listed. */
  readonly isModern: boolean;
  readonly outputSchema: Record<string, unknown> | undefined;
  readonly meta: Meta;
}
