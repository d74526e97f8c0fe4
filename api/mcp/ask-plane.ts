import type { CallToolResult, Tool } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { RetrievalData } from '../../contracts/api/retrieval';
import { gatewayMeta } from '../../contracts/gateway';
import { retrievalPayloads } from '../../contracts/retrieval';
import type { ToolArguments } from '../../contracts/tool-call-schemas';
import type { OfferedRow } from '../../operations/tools/gateway-reads';
import type { RetrievalAnswer } from '../../retrieval/mediator';
import type { GatewayServices, Session } from './session';

const Answer = RetrievalData.omit({ documents: true, next_cursor: true });
const inputSchema = z.toJSONSchema(retrievalPayloads.query, { io: 'input' }) as Tool['inputSchema'];
const outputSchema = z.toJSONSchema(Answer) as Tool['outputSchema'];

/** A knowledge plane as a tool. */
export function planeTool({ name, title, description }: OfferedRow): Tool {
  return {
    name,
    title: `Ask ${title ?? ''}`,
    description: `Search the knowledge plane "${title ?? ''}" and get the passages that fit, with their sources.${description === null ? '' : ` ${description}`}`,
    inputSchema,
    outputSchema,
    annotations: { readOnlyHint: true, openWorldHint: false },
  };
}

/** Through the mediator, as every question to a plane. What it refuses has left its evidence. */
export async function askPlane(
  { retrieve }: Pick<GatewayServices, 'retrieve'>,
  { context }: Pick<Session, 'context'>,
  { planeId, payload }: { readonly planeId: string; readonly payload: ToolArguments },
): Promise<CallToolResult> {
  const answer = await retrieve(context, { plane_id: planeId, action: 'query', payload });
  return {
    content: [{ type: 'text', text: textOf(answer) }],
    structuredContent: Answer.parse(answer),
    _meta: { [gatewayMeta.evidence]: answer.evidence_id },
  };
}

function textOf({ hits, evidence_id: evidenceId }: RetrievalAnswer): string {
  const passages = hits.map(({ text, source }, index) => `[${index + 1}] ${source.name}, ${source.document}\n${text}`);
  return [...(passages.length === 0 ? ['Nothing in the plane fits.'] : passages), `Evidence: ${evidenceId}`].join(
    '\n\n',
  );
}
