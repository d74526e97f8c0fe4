import { Client, type Transport } from '@modelcontextprotocol/client';
import { type Exchange, inExchange } from './exchange';
import type { UpstreamFailure, Trouble } from './failures';
import type { UpstreamLimits } from './limits';
import type { Confinement, Handshake, UpstreamAuth } from './port';
import { strangersWords } from './strangers-words';

export interface Requesting {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly auth?: UpstreamAuth | undefined;
}

/** An open connection that any number of requests share. */
export interface Connection {
  readonly facts: Handshake;
  /** False once nothing more can be sent over it. */
  isOpen(): boolean;
  request<T>(input: Requesting, work: (client: Client, exchange: Exchange) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface Channel {
  readonly transport: Transport;
  readonly confinement: Confinement | null;
  readonly sayGoodbye: () => Promise<void>;
}

export interface ConnectOptions extends Requesting {
  readonly open: (onTrouble: (trouble: Trouble) => void) => Channel;
  readonly speaks: 'any' | 'old';
  readonly limits: UpstreamLimits;
  /** The channel is one stream, whose end is the end of the connection. */
  readonly isOneStream: boolean;
}

const goodbyeMs = 2_000;

/** Opens a channel and agrees on a revision of the protocol. Fails as UpstreamFailure. */
export async function connect({
  open,
  speaks,
  limits,
  isOneStream,
  ...requesting
}: ConnectOptions): Promise<Connection> {
  let lost: Trouble | undefined;
  let unanswered = 0;
  let isClosed = false;
  const onTrouble = (trouble: Trouble) => (lost ??= trouble);
  const lostBy = () => lost;
  const { transport, confinement, sayGoodbye } = open(onTrouble);
  const client = new Client(
    { name: 'aos', version: '1' },
    {
      capabilities: {},
      inputRequired: { autoFulfill: false },
      versionNegotiation: { mode: speaks === 'any' ? 'auto' : 'legacy', probe: { timeoutMs: limits.healthTimeoutMs } },
    },
  );
  client.onclose = () => (isClosed = true);
  client.onerror = () => {
    if (!isOneStream || isClosed) return;
    onTrouble({ problem: 'connection_lost', message: 'The stream of the server broke off.' });
    void close();
  };
  try {
    await inExchange({ ...requesting, lostBy }, () => client.connect(transport, { timeout: requesting.timeoutMs }));
  } catch (error) {
    await transport.close().catch(() => {});
    throw error;
  }
  return { facts: factsOf(client, confinement), isOpen: () => !isClosed, request, close };

  async function request<T>(input: Requesting, work: (client: Client, exchange: Exchange) => Promise<T>): Promise<T> {
    try {
      const result = await inExchange({ ...input, lostBy }, (exchange) => work(client, exchange));
      unanswered = 0;
      return result;
    } catch (error) {
      const { problem, reached } = error as UpstreamFailure;
      unanswered = problem === 'timeout' ? unanswered + 1 : reached === 'answered' ? 0 : unanswered;
      if (unanswered >= limits.unanswered) void close();
      throw error;
    }
  }

  async function close(): Promise<void> {
    if (isClosed) return;
    isClosed = true;
    await Promise.race([
      sayGoodbye().catch(() => {}),
      new Promise((resolve) => setTimeout(resolve, goodbyeMs).unref()),
    ]);
    await client.close();
  }
}

function factsOf(client: Client, confinement: Confinement | null): Handshake {
  const server = client.getServerVersion();
  return {
    protocolRevision: client.getNegotiatedProtocolVersion() ?? '',
    server:
      server === undefined
        ? null
        : {
            name: strangersWords(server.name),
            version: strangersWords(server.version),
            ...(server.title !== undefined && { title: strangersWords(server.title) }),
          },
    capabilities: client.getServerCapabilities() ?? {},
    confinement,
  };
}
