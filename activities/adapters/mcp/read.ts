import type { Client } from '@modelcontextprotocol/client';
import { z } from 'zod';
import type { ReadRequest } from '../../../contracts/server-reads';
import type { Exchange } from './exchange';
import { UpstreamFailure } from './failures';
import { timeoutNever } from './list-definitions';

const Answer = z.looseObject({ resultType: z.string().optional() });

/** One question to a server that asks for no work, and what it answered, in its own form. */
export async function read(
  client: Client,
  exchange: Exchange,
  request: ReadRequest,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    await client.request(request as never, { signal: exchange.signal, timeout: timeoutNever });
  } catch (error) {
    if (exchange.answer?.result === undefined || isComplete(exchange.answer.result)) throw error;
  }
  // How long the answer may be kept was said to us, by the server; what our callers are told is ours to say.
  const { resultType, ttlMs: _ttl, cacheScope: _scope, ...answer } = Answer.parse(exchange.answer?.result);
  if (resultType === undefined || resultType === 'complete') return answer;
  const isQuestion = resultType === 'input_required';
  throw new UpstreamFailure(
    isQuestion
      ? { problem: 'input_required', message: 'The server asks for input, which is not passed on.' }
      : { problem: 'not_supported', message: 'The server answered with a kind of result that is not known.' },
    'answered',
  );
}

function isComplete(result: unknown): boolean {
  const parsed = Answer.safeParse(result);
  return !parsed.success || (parsed.data.resultType ?? 'complete') === 'complete';
}
