import { EngineError } from '../../contracts/errors';
import { readLimits } from '../../contracts/server-reads';
import { toEngineFault } from '../../operations/transaction/faults';
import type { AskUpstream } from '../../retrieval/read-server';
import { type McpUpstream, UpstreamFailure } from '../adapters/mcp/port';
import type { RunningWork } from '../running-work';
import type { DescribeServer } from './describe-server';

export interface AskDependencies {
  readonly upstream: McpUpstream;
  readonly describeServer: DescribeServer;
  readonly running: RunningWork;
}

/**
 * Asks a server for a resource, a prompt or completions, in the process that answers the caller. A kill ends it at once, as
 * it ends activities; what may be released is decided by the fence all the same.
 */
export function createAskUpstream({ upstream, describeServer, running }: AskDependencies): AskUpstream {
  return async (context, { readId, server, request, seen }) => {
    const killed = new AbortController();
    const leave = running.add({
      tenantId: context.tenantId,
      scopes: [
        { type: 'global', id: '' },
        { type: 'tenant', id: context.tenantId },
        { type: 'server', id: server.server_id },
        { type: 'capability', id: 'tools.call' },
      ],
      seen,
      isOvertaken: false,
      stop: (reason) => killed.abort(reason),
    });
    let hasLeft = false;
    try {
      const described = await describeServer(context, server, `read ${readId}`);
      hasLeft = true;
      const bounds = { signal: killed.signal, timeoutMs: readLimits.timeoutMs };
      return { kind: 'answer', answer: await upstream.read({ server: described, request, ...bounds }) };
    } catch (error) {
      const failure = killed.signal.aborted ? asFailure(killed.signal.reason) : asFailure(error);
      const reached = error instanceof UpstreamFailure ? error.reached : hasLeft ? 'unknown' : 'notSent';
      const unsent = killed.signal.aborted ? 'killed' : 'failed';
      const outcome = reached === 'unknown' ? 'unknown' : reached === 'notSent' ? unsent : 'failed';
      return { kind: 'failure', outcome, error: failure, isAnswered: reached === 'answered' };
    } finally {
      leave();
    }
  };
}

function asFailure(error: unknown): EngineError {
  const fault = toEngineFault(error);
  if (fault instanceof EngineError) return fault;
  return new EngineError('internal_error', 'something went wrong on our side', { cause: error });
}
