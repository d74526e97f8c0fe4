import { toNodeHandler } from '@modelcontextprotocol/node';
import {
  createMcpHandler,
  type McpServerFactory,
  type ServerEvent,
  type ServerEventBus,
} from '@modelcontextprotocol/server';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { agentLists, type AgentList } from '../../operations/tools/offers';
import { holdStream } from '../events/hold-stream';
import { sendStream } from '../events/send-stream';
import type { Door, DoorRoute } from '../middleware/door';
import { toEngineError } from '../middleware/failures';
import { logOf } from '../middleware/request-log';
import { followLists } from './follow-lists';
import { listingOf, type GatewayServices, type Session } from './session';

export interface Listener {
  readonly services: Pick<GatewayServices, 'prisma' | 'streams' | 'offers'>;
  readonly session: Pick<Session, 'caller' | 'server'>;
  readonly door: Door;
  readonly route: DoorRoute;
}

/** A stream of `GET`, as revision 2025-11-25 has it: it tells of all lists, and of nothing that was before it. */
export function streamChanges(req: Request, res: Response, listener: Listener): Promise<void> {
  return listenTo(agentLists, { req, res, listener }, async (changes, end) => {
    const { heartbeatMs } = listener.services.streams.limits;
    // Who listens is asked for again where the changes are read.
    await sendStream(res, { events: asMessages(changes), heartbeatMs, recheck: async () => {}, end });
  });
}

async function* asMessages(changes: AsyncIterable<AgentList>) {
  for await (const list of changes) {
    yield { event: 'message', data: { jsonrpc: '2.0', method: `notifications/${list}/list_changed` } };
  }
}

const Wanted = z.object({
  params: z.object({
    notifications: z.object({
      toolsListChanged: z.boolean().optional(),
      promptsListChanged: z.boolean().optional(),
      resourcesListChanged: z.boolean().optional(),
    }),
  }),
});

/** `subscriptions/listen` of revision 2026-07-28: the library opens the stream, and says first what it will tell of. */
export function answerListen(
  req: Request,
  res: Response,
  { body, factory, ...listener }: Listener & { readonly body: unknown; readonly factory: McpServerFactory },
): Promise<void> {
  const wanted = Wanted.safeParse(body).data?.params.notifications;
  const lists = agentLists.filter((list) => wanted?.[`${list}ListChanged`] === true);
  return listenTo(lists, { req, res, listener }, async (changes, end) => {
    const bus = createBus();
    const handler = createMcpHandler(factory, { legacy: 'stateless', maxSubscriptions: 1, bus });
    const answered = toNodeHandler(handler)(req, res, body).finally(() => end.abort());
    try {
      await Promise.race([bus.opened, answered]);
      for await (const list of changes) bus.publish({ kind: `${list}_list_changed` });
    } catch (error) {
      // A refusal is on record; that the client has gone, or the API stops, is no failure.
      if (!end.signal.aborted) reportFailure(res, error);
    } finally {
      await handler.close();
      // Its last words wait for nobody who reads nothing.
      if (res.writableNeedDrain) res.destroy();
      await answered;
    }
  });
}

function reportFailure(res: Response, error: unknown): void {
  if (toEngineError(error).code === 'internal_error') logOf(res).error({ err: error }, 'stream failed');
}

interface Opening {
  readonly req: Request;
  readonly res: Response;
  readonly listener: Listener;
}

async function listenTo(
  lists: readonly AgentList[],
  { req, res, listener }: Opening,
  work: (changes: AsyncIterable<AgentList>, end: AbortController) => Promise<void>,
): Promise<void> {
  const { services, session, door, route } = listener;
  const { streams } = services;
  await holdStream(res, { streams, caller: session.caller }, async (end) => {
    try {
      const changes = await followLists({
        ...{ services, listing: listingOf(session), lists, signal: end.signal },
        // A suspended tenant reads nothing, and so listens to nothing.
        readmit: () => door.readmit(req, res, { ...route, method: 'get' }),
        readmitMs: streams.limits.heartbeatMs,
      });
      await work(changes, end);
    } catch (error) {
      // The client has gone, or the API stops.
      if (!end.signal.aborted) throw error;
    }
  });
}

/** One listener, and a word when it is there: what is told before that is told to nobody. */
function createBus(): ServerEventBus & { readonly opened: Promise<void> } {
  let listener: ((event: ServerEvent) => void) | undefined;
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return {
    opened,
    publish: (event) => listener?.(event),
    subscribe(given) {
      listener = given;
      open();
      return () => (listener = undefined);
    },
  };
}
