import {
  Client,
  StreamableHTTPClientTransport,
  type ElicitRequest,
  type ElicitResult,
} from '@modelcontextprotocol/client';
import type { TestStack } from './stack';

export type Era = 'modern' | 'older';

export interface AgentOptions {
  readonly role?: 'admin' | 'developer';
  readonly tenant?: 0 | 1;
  /** In place of that of a role. */
  readonly key?: string;
  /** `/mcp` unless said otherwise. */
  readonly path?: string;
  readonly era?: Era;
  /** Answers what the gateway asks; without one the agent says that it cannot be asked. */
  readonly onQuestion?: (params: ElicitRequest['params']) => ElicitResult | Promise<ElicitResult>;
}

/** The library's own client at the gateway, as an agent would run it. */
export async function connectAgent(
  { url, keys }: Pick<TestStack, 'url' | 'keys'>,
  { role = 'developer', tenant = 0, key, path = '/mcp', era = 'modern', onQuestion }: AgentOptions = {},
): Promise<Client> {
  const client = new Client(
    { name: 'agent', version: '1' },
    {
      capabilities: onQuestion === undefined ? {} : { elicitation: { form: {} } },
      ...(era === 'modern' && { versionNegotiation: { mode: { pin: '2026-07-28' } } }),
    },
  );
  if (onQuestion !== undefined) {
    client.setRequestHandler('elicitation/create', async ({ params }) => onQuestion(params));
  }
  const headers = { authorization: `Bearer ${key ?? keys.tenants[tenant]?.[`${role}_key`] ?? ''}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(path, url), { requestInit: { headers } }));
  return client;
}

/** Agents at one stack, which leave it together. */
export function agentsAt(stack: () => Pick<TestStack, 'url' | 'keys'>) {
  const agents: Client[] = [];
  return {
    async connect(options?: AgentOptions): Promise<Client> {
      const client = await connectAgent(stack(), options);
      agents.push(client);
      return client;
    },
    leave: () => Promise.all(agents.map((agent) => agent.close())),
  };
}

export interface RawRequest {
  readonly key: string;
  readonly method: string;
  readonly params?: Record<string, unknown>;
  readonly path?: string;
  readonly era?: Era;
  readonly id?: number | undefined;
  readonly capabilities?: object;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

/** One message of JSON-RPC, sent by hand; a notification when it has no id. */
export function sendMessage(url: string, request: RawRequest): Promise<Response> {
  const { key, method, params = {}, path = '/mcp', era = 'modern', capabilities = {}, headers, signal } = request;
  const id = 'id' in request ? request.id : 1;
  const envelope = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': capabilities,
  };
  const meta = { ...(params._meta as object | undefined), ...(era === 'modern' && envelope) };
  return fetch(url + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': era === 'modern' ? '2026-07-28' : '2025-11-25',
      ...(era === 'modern' && { 'mcp-method': method }),
      ...(era === 'modern' && typeof params.name === 'string' && { 'mcp-name': params.name }),
      ...headers,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      ...(id !== undefined && { id }),
      method,
      params: { ...params, _meta: meta },
    }),
    ...(signal !== undefined && { signal }),
  });
}

/** The message that answers, whether it comes by itself or in a stream. */
// Tests read answers of every shape.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export async function readMessage(response: Response): Promise<any> {
  const text = await response.text();
  const data = /^data: (\{.*)$/m.exec(text)?.[1];
  return JSON.parse(data ?? text);
}
