import { EngineError } from '../../contracts/errors';
import type { Scope } from '../../contracts/switches';
import type { ToolCallStep } from '../../contracts/tool-calls';
import { inTime } from '../../in-time';
import { runStoppable, type KillSwitchOptions } from '../stoppable-work';

export interface CallUnderWay {
  readonly end: Promise<ToolCallStep>;
  /** Ends it early; what it ends as is said by `end`. */
  stop(reason: unknown): void;
}

interface KnownCall {
  readonly tenantId: string;
  readonly invocationId: string;
}

/**
 * The calls that this process carries out. A call goes on until its outcome is on record, whatever becomes of the activity
 * that began it or waits for it; kill switches stop it.
 */
export interface CallsUnderWay {
  /** The call as it is under way here; begun where it is not. */
  join(call: KnownCall & { readonly scopes: readonly Scope[] }, carry: () => Promise<ToolCallStep>): CallUnderWay;
  find(call: KnownCall): CallUnderWay | undefined;
  /** For the end of the process: stops what has not ended by then, and waits until each has said how it ended. */
  end(graceMs: number): Promise<void>;
}

/** Each holds its arguments and a request; whoever comes beyond these is told to come again. */
export const callsUnderWayMax = 500;

export interface CallsUnderWayOptions extends KillSwitchOptions {
  /** A call ended without an outcome. */
  readonly onFailure: (error: unknown, call: KnownCall) => void;
}

export function createCallsUnderWay({ onFailure, ...options }: CallsUnderWayOptions): CallsUnderWay {
  const byKey = new Map<string, CallUnderWay>();
  const keyOf = ({ tenantId, invocationId }: KnownCall) => `${tenantId}/${invocationId}`;

  return {
    join(call, carry) {
      const key = keyOf(call);
      const known = byKey.get(key);
      if (known !== undefined) return known;
      if (byKey.size >= callsUnderWayMax) throw new EngineError('service_unavailable', 'too many calls are under way');
      const stopping = new AbortController();
      const { tenantId, scopes } = call;
      const work = { tenantId, scopes, cancelled: stopping.signal, looksFirst: false };
      const end = runStoppable(options, work, carry).finally(() => byKey.delete(key));
      // Nobody may be there any more to hear of it.
      end.catch((error: unknown) => onFailure(error, call));
      const begun: CallUnderWay = { end, stop: (reason) => stopping.abort(reason) };
      byKey.set(key, begun);
      return begun;
    },
    find: (call) => byKey.get(keyOf(call)),
    async end(graceMs) {
      const all = [...byKey.values()];
      const ended = Promise.allSettled(all.map(({ end }) => end));
      await inTime(ended, graceMs).catch(() => {
        for (const each of all) each.stop(new EngineError('service_unavailable', 'the process ends'));
      });
      await ended;
    },
  };
}
