import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { PageQuery } from '../contracts/api/common';
import type { ErrorCode } from '../contracts/errors';
import type { ExecutionContext } from '../contracts/execution-context';
import type { Permission } from '../contracts/roles';
import type { PageOf, PageRequest } from '../prisma/reads/page';
import type { Caller } from './services';

const Nothing = z.strictObject({});
type Nothing = typeof Nothing;

export type Tag =
  | 'Knowledge planes'
  | 'Lifecycle'
  | 'Policies'
  | 'SQL templates'
  | 'Retrieval'
  | 'Governance'
  | 'Audit'
  | 'Proof'
  | 'API keys'
  | 'Identities'
  | 'Credentials'
  | 'Tools'
  | 'Tool servers'
  | 'Operator'
  | 'System';

interface Described {
  /** Parameters stand in braces: `/planes/{plane_id}`. */
  readonly path: `/${string}`;
  readonly operationId: string;
  readonly summary: string;
  readonly tag: Tag;
  /** Any of these is enough. `public` needs no key. */
  readonly permission: Permission | readonly Permission[] | 'public';
  /** Codes beyond those that every route may answer with. */
  readonly errors?: readonly ErrorCode[];
}

interface RouteContract<P, Q, B, D extends z.ZodType> extends Described {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  readonly successStatus: 200 | 201 | 202;
  /** Answers for which the status is 202 instead: what was asked for goes on. */
  readonly isPending?: (data: NoInfer<z.output<D>>) => boolean;
  /** Outside of /api/v1. */
  readonly atRoot?: boolean;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Bodies that the document shows, by what they do. */
  readonly examples?: Readonly<Record<string, NoInfer<z.input<B>>>>;
  readonly data: D;
  /** Members of the envelope's `meta` beyond the usual. */
  readonly meta?: (data: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
}

interface ListContract<P, Q, I, K> extends Described {
  readonly params?: P;
  /** Extends `PageQuery`. */
  readonly query?: Q;
  readonly item: I;
  /** What a cursor holds: the sort key of the last row shown. */
  readonly key: K;
}

/** One server-sent event. */
export interface StreamEvent {
  /** From here the client goes on when it comes back. */
  readonly id?: string;
  readonly event: string;
  readonly data: unknown;
}

interface StreamContract<P, Q> extends Described {
  readonly params?: P;
  readonly query?: Q;
  /** What each event holds, by its name. */
  readonly events: Readonly<Record<string, z.ZodType>>;
}

/** What a route that streams knows beyond the rest. */
export interface StreamInput<Params, Query> extends RouteInput<Params, Query, undefined> {
  /** The id of the last event that the client has seen, as it says in the header. */
  readonly lastEventId: string | undefined;
  /** Aborted when nobody listens any more. */
  readonly signal: AbortSignal;
}

export interface RouteInput<Params, Query, Body, Key = undefined> {
  readonly context: ExecutionContext;
  readonly caller: Caller;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly page: PageRequest<Key>;
  readonly idempotencyKey: string;
}

/** What a route that takes files knows when their bytes begin to arrive. */
export interface UploadInput<Params> {
  readonly context: ExecutionContext;
  readonly caller: Caller;
  readonly params: Params;
  readonly request: IncomingMessage;
}

/** A route as bind and the OpenAPI document see it: data and one function. */
export interface Route extends Described {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  readonly successStatus: number;
  readonly isPending?: (data: never) => boolean;
  readonly atRoot: boolean;
  readonly params: z.ZodType;
  readonly query: z.ZodType;
  readonly body: z.ZodType | undefined;
  readonly examples?: Readonly<Record<string, unknown>>;
  /** Reads a body of parts as it arrives; `body` then only describes it. */
  readonly receive?: (input: UploadInput<never>) => Promise<unknown>;
  /** Of a list: the schema of one item. */
  readonly data: z.ZodType;
  readonly listKey: z.ZodType | undefined;
  /** Of a stream: what each of its events holds. The handler answers with the events as they come. */
  readonly events?: Readonly<Record<string, z.ZodType>>;
  readonly meta: (data: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
  /** Of a file: the media types of which it may be. The handler answers with an `AnsweredFile`. */
  readonly mediaTypes?: readonly string[];
  handle(input: RouteInput<never, never, never, never>): Promise<unknown>;
}

/** A file as an answer. */
export interface AnsweredFile {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: number;
  /** SHA-256, 64 hex digits. */
  readonly sha256: string;
  readonly content: Readable;
}

/** A route that answers with one thing. */
export function route<
  D extends z.ZodType,
  P extends z.ZodType = Nothing,
  Q extends z.ZodType = Nothing,
  B extends z.ZodType = Nothing,
>(
  contract: RouteContract<P, Q, B, D>,
  handle: (input: RouteInput<z.output<P>, z.output<Q>, z.output<B>>) => Promise<z.input<D>>,
): Route {
  return {
    params: Nothing,
    query: Nothing,
    body: undefined,
    atRoot: false,
    listKey: undefined,
    ...contract,
    meta: contract.meta ?? (() => ({})),
    handle: handle as Route['handle'],
  };
}

/** A route that takes files: they are stored while they arrive, and the handler gets what has become of them. */
export function uploadRoute<D extends z.ZodType, P extends z.ZodType, Received>(
  contract: RouteContract<P, Nothing, z.ZodType, D> & {
    readonly body: z.ZodType;
    receive(input: UploadInput<z.output<P>>): Promise<Received>;
  },
  handle: (input: RouteInput<z.output<P>, unknown, Received>) => Promise<z.input<D>>,
): Route {
  return { ...route(contract, handle as never), receive: contract.receive };
}

/** A route that answers with a page of things, in a stable order. */
export function listRoute<
  I extends z.ZodType,
  K extends z.ZodType,
  P extends z.ZodType = Nothing,
  Q extends z.ZodType<z.output<typeof PageQuery>> = typeof PageQuery,
>(
  { item, key, ...contract }: ListContract<P, Q, I, K>,
  handle: (
    input: RouteInput<z.output<P>, z.output<Q>, undefined, z.output<K>>,
  ) => Promise<PageOf<z.input<I>, z.input<K>>>,
): Route {
  return {
    params: Nothing,
    query: PageQuery,
    body: undefined,
    atRoot: false,
    ...contract,
    method: 'get',
    successStatus: 200,
    data: item,
    listKey: key,
    meta: () => ({}),
    handle: handle as Route['handle'],
  };
}

/** A route that answers with server-sent events, until one of both sides ends it. What refuses, refuses before the first. */
export function streamRoute<P extends z.ZodType = Nothing, Q extends z.ZodType = Nothing>(
  { events, ...contract }: StreamContract<P, Q>,
  handle: (input: StreamInput<z.output<P>, z.output<Q>>) => Promise<AsyncIterable<StreamEvent>>,
): Route {
  const data = z.union(Object.values(events) as [z.ZodType, ...z.ZodType[]]);
  return { ...route({ ...contract, method: 'get', successStatus: 200, data }, handle as never), events };
}

/** A route that answers with a file. What refuses, refuses before its first byte. */
export function fileRoute<P extends z.ZodType>(
  { mediaTypes, ...contract }: Described & { readonly params: P; readonly mediaTypes: readonly string[] },
  handle: (input: RouteInput<z.output<P>, unknown, undefined>) => Promise<AnsweredFile>,
): Route {
  return {
    ...route({ ...contract, method: 'get', successStatus: 200, data: z.unknown() }, handle as never),
    mediaTypes,
  };
}

/** The page with its rows as the wire shows them. */
export function mapPage<Row, Key, Item>(page: PageOf<Row, Key>, view: (row: Row) => Item): PageOf<Item, Key> {
  return { rows: page.rows.map(view), next: page.next };
}

export const apiBase = '/api/v1';

export function fullPath({ atRoot, path }: Pick<Route, 'atRoot' | 'path'>): string {
  return atRoot ? path : `${apiBase}${path}`;
}

/** Throwing and releasing switches has no rate limit: stopping things must work when nothing else does. */
export function isThrow({ permission }: Pick<Route, 'permission'>): boolean {
  return [permission].flat().some((each) => each.startsWith('switch:'));
}
