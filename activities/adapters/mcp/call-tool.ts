import { LOG_LEVEL_META_KEY, type Client } from '@modelcontextprotocol/client';
import { z } from 'zod';
import { isAtLeast, type ProgressOfCall } from '../../../contracts/server-logs';
import type { Exchange, RawAnswer } from './exchange';
import { type Trouble, UpstreamFailure } from './failures';
import { timeoutNever } from './list-definitions';
import { logEntry } from './log-entry';
import type { ToolCall, ToolResult } from './port';
import { strangersWords } from './strangers-words';

const Result = z.looseObject({
  resultType: z.string().optional(),
  content: z.array(z.looseObject({ type: z.string() })).default([]),
  structuredContent: z.unknown().optional(),
  isError: z.boolean().optional(),
  _meta: z.record(z.string(), z.unknown()).optional(),
});

type Called = Pick<ToolCall, 'tool' | 'arguments' | 'inputSchema' | 'onProgress' | 'log'>;

/** One call of a tool, and what the server answered, in its own form: the library keeps only the fields that it knows. */
export async function callTool(client: Client, exchange: Exchange, call: Called): Promise<ToolResult> {
  const { tool: name, inputSchema, onProgress, log } = call;
  exchange.onLog = (params) => {
    const entry = logEntry(params, exchange.secrets);
    if (log !== undefined && entry !== undefined && isAtLeast(entry.level, log.level)) log.on(entry);
  };
  try {
    await client.callTool(
      {
        name,
        arguments: { ...call.arguments },
        // Older revisions have one level for all that share the connection, so their servers log as they like.
        ...(log !== undefined &&
          client.getProtocolEra() === 'modern' && { _meta: { [LOG_LEVEL_META_KEY]: log.level } }),
      },
      {
        signal: exchange.signal,
        timeout: timeoutNever,
        // With a definition of ours the library neither asks for one, and calls a second time, nor judges the result.
        toolDefinition: { name, inputSchema: { ...inputSchema, type: 'object' } },
        ...(onProgress !== undefined && {
          onprogress: (told) => onProgress(progressOf(told, exchange.secrets)),
        }),
      },
    );
  } catch (error) {
    if (exchange.answer?.result === undefined) throw error;
  } finally {
    exchange.onLog = undefined;
  }
  return resultOf(exchange.answer);
}

function resultOf(answer: RawAnswer | undefined): ToolResult {
  const parsed = Result.safeParse(answer?.result);
  if (!parsed.success) throw unknowable('The result of the tool has no form of the protocol.');
  const { resultType = 'complete', ...result } = parsed.data;
  if (resultType === 'complete') return result as ToolResult;
  const trouble: Trouble =
    resultType === 'input_required'
      ? { problem: 'input_required', message: 'The tool asks for input, which is not passed on.' }
      : { problem: 'not_supported', message: 'The tool answered with a kind of result that is not known.' };
  throw new UpstreamFailure(trouble, resultType === 'input_required' ? 'answered' : 'unknown');
}

function unknowable(message: string): UpstreamFailure {
  return new UpstreamFailure({ problem: 'malformed', message }, 'unknown');
}

interface ToldProgress {
  readonly progress: number;
  readonly total?: number | undefined;
  readonly message?: string | undefined;
}

function progressOf({ progress, total, message }: ToldProgress, secrets: Iterable<string>): ProgressOfCall {
  return {
    progress,
    ...(total !== undefined && { total }),
    ...(message !== undefined && { message: strangersWords(message, secrets) }),
  };
}
