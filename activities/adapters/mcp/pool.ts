import type { Connection } from './connection';
import { type Problem, notSent, UpstreamFailure } from './failures';
import type { Gate } from './gate';
import type { UpstreamLimits } from './limits';
import type { ServerDescription } from './port';

export interface PoolOptions {
  readonly open: (server: ServerDescription) => Promise<Connection>;
  readonly gateOf: (server: ServerDescription) => Gate;
  readonly limits: UpstreamLimits;
}

export interface Pool {
  /** Does the work over the one connection to the server, which is opened if it is not there. */
  use<T>(input: UseInput, work: (connection: Connection) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface UseInput {
  readonly server: ServerDescription;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

interface Entry {
  readonly ofServer: string;
  readonly opening: Promise<Connection>;
  opened?: Connection;
  users: number;
  idle: NodeJS.Timeout | undefined;
}

// After these the next request had better begin anew.
const breaking: ReadonlySet<Problem> = new Set(['cannot_connect', 'connection_lost', 'session_lost', 'malformed']);

export function createPool({ open, gateOf, limits }: PoolOptions): Pool {
  const entries = new Map<string, Entry>();
  const leaving = new Set<Promise<void>>();
  let isClosed = false;

  return {
    async use({ server, timeoutMs, signal }, work) {
      if (isClosed) throw notSent('closed', 'The connections to tool servers are closed.');
      const gate = gateOf(server);
      gate.pass();
      try {
        const result = await withEntry(server, { timeoutMs, signal }, work);
        gate.answered();
        return result;
      } catch (error) {
        judge(gate, error, server);
        throw error;
      }
    },
    async close() {
      isClosed = true;
      [...entries.keys()].forEach(retire);
      await Promise.all(leaving);
    },
  };

  async function withEntry<T>(
    server: ServerDescription,
    bounds: { timeoutMs: number; signal: AbortSignal | undefined },
    work: (connection: Connection) => Promise<T>,
  ): Promise<T> {
    const key = keyOf(server);
    if (entries.get(key)?.opened?.isOpen() === false) retire(key);
    const entry = entries.get(key) ?? enter(server, key);
    entry.users += 1;
    clearTimeout(entry.idle);
    try {
      return await work(await waitFor(entry.opening, bounds));
    } catch (error) {
      const isBroken = !(error instanceof UpstreamFailure) || breaking.has(error.problem);
      if (isBroken && entries.get(key) === entry) retire(key);
      throw error;
    } finally {
      entry.users -= 1;
      if (entry.users === 0) rest(key, entry);
    }
  }

  function enter(server: ServerDescription, key: string): Entry {
    makeRoom();
    const ofServer = JSON.stringify([server.tenantId, server.serverId]);
    // Of an older credential, or of an address that was changed: nobody will ask for it again.
    for (const [otherKey, other] of entries) if (other.ofServer === ofServer) retire(otherKey);
    const entry: Entry = { ofServer, opening: open(server), users: 0, idle: undefined };
    entries.set(key, entry);
    entry.opening.then(
      (connection) => (entry.opened = connection),
      () => entries.get(key) === entry && entries.delete(key),
    );
    return entry;
  }

  function makeRoom(): void {
    if (entries.size < limits.connections) return;
    const unused = [...entries].find(([, { users }]) => users === 0);
    if (unused === undefined) throw notSent('pool_full', 'Too many tool servers are in use at once.', 1);
    retire(unused[0]);
  }

  /** Out of the pool at once, and closed as soon as its last user is done; on shutdown, closed at once. */
  function retire(key: string): void {
    const entry = entries.get(key);
    if (entry === undefined) return;
    entries.delete(key);
    clearTimeout(entry.idle);
    if (entry.users === 0 || isClosed) leave(entry);
  }

  function rest(key: string, entry: Entry): void {
    if (entries.get(key) !== entry) return leave(entry);
    // The most recently used stand last.
    entries.delete(key);
    entries.set(key, entry);
    entry.idle = setTimeout(retire, limits.idleMs, key).unref();
  }

  function leave({ opening }: Entry): void {
    const closing = opening
      .then((connection) => connection.close())
      .catch(() => {})
      .finally(() => leaving.delete(closing));
    leaving.add(closing);
  }
}

function keyOf(server: ServerDescription): string {
  const where =
    server.transport === 'stdio'
      ? [server.command, server.args, Object.keys(server.env), server.network, server.folders]
      : [server.url, server.auth.type];
  return JSON.stringify([server.tenantId, server.serverId, server.credentialVersion, server.transport, where]);
}

function judge(gate: Gate, error: unknown, { transport }: ServerDescription): void {
  if (!(error instanceof UpstreamFailure)) return gate.undecided();
  if (error.reached === 'answered' && error.problem !== 'session_lost') return gate.answered();
  const saysNothing: readonly Problem[] = [
    'cancelled',
    'credential_unavailable',
    'pool_full',
    'closed',
    'not_permitted',
  ];
  // A slow tool is no reason to keep a child from being started, and a child that is alive no reason to wait.
  const isSlowChild = transport === 'stdio' && error.problem === 'timeout' && error.reached === 'unknown';
  if (isSlowChild) return gate.undecided();
  return saysNothing.includes(error.problem) ? gate.undecided() : gate.failed();
}

/** The opening goes on for the others when one of those who wait for it gives up. */
async function waitFor<T>(
  promise: Promise<T>,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal | undefined },
): Promise<T> {
  const ends = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])]);
  const gone = new Promise<never>((_resolve, reject) => {
    const end = () =>
      reject(
        signal?.aborted === true
          ? notSent('cancelled', 'The request was cancelled by its caller.')
          : notSent('timeout', `The server was not connected within ${timeoutMs} ms.`),
      );
    if (ends.aborted) end();
    else ends.addEventListener('abort', end, { once: true });
  });
  try {
    return await Promise.race([promise, gone]);
  } catch (error) {
    if (!(error instanceof UpstreamFailure)) throw error;
    throw new UpstreamFailure(error.trouble, 'notSent');
  }
}
