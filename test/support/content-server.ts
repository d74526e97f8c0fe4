import { toNodeHandler } from '@modelcontextprotocol/node';
import { completable, createMcpHandler, McpServer, ResourceTemplate } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { listen, pixel, type Fixture } from '../unit/mcp-upstream/fixture-servers';
import type { TestStack } from './stack';
import { untilDiscovered } from './tool-discoveries';

export interface ContentServer extends Pick<Fixture, 'url' | 'host' | 'requests'> {
  /** What was asked of it, in order: URIs of resources, names of prompts. */
  readonly asked: string[];
  /** Lets go what `note://slow` holds, now and from now on. */
  release(): void;
  close(): Promise<void>;
}

/** A server of resources, templates and prompts, some of which do not behave. */
export async function startContentServer(): Promise<ContentServer> {
  const asked: string[] = [];
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const text = (uri: string, body: string) => ({ contents: [{ uri, text: body, mimeType: 'text/plain' }] });
  const answers: Record<string, () => unknown> = {
    'note://one': () => ({ ...text('note://one', 'a note'), _meta: { 'example.org/seen': true } }),
    'note://picture': () => ({ contents: [{ uri: 'note://picture', blob: pixel, mimeType: 'image/png' }] }),
    'note://large': () => text('note://large', 'x'.repeat(6 * 1024 * 1024)),
    'note://slow': () => released.then(() => text('note://slow', 'at last')),
    'note://broken': () => ({ contents: 'none' }),
  };
  const handle = toNodeHandler(createMcpHandler(() => createServer()));
  const { url, host, requests, close } = await listen((request, response, body) =>
    handle(request as never, response, body),
  );
  return { url, host, requests, asked, release, close };

  function createServer(): McpServer {
    const server = new McpServer({ name: 'contents', version: '1' });
    for (const [uri, answer] of Object.entries(answers)) {
      server.registerResource(uri.slice('note://'.length), uri, { description: `The note ${uri}.` }, (async () => {
        asked.push(uri);
        return answer();
      }) as never);
    }
    const byId = new ResourceTemplate('note://by-id/{id}', {
      list: undefined,
      complete: { id: (begun) => ['1', '12', '2'].filter((id) => id.startsWith(begun)) },
    });
    server.registerResource('by-id', byId, {}, (uri, { id }) => {
      asked.push(uri.href);
      return text(uri.href, `note ${String(id)}`);
    });
    const argsSchema = z.object({
      name: completable(z.string(), (begun) => [`${begun}da`]),
      tone: z.string().optional(),
    });
    server.registerPrompt('greet', { description: 'Greets.', argsSchema }, ({ name }) => {
      asked.push('greet');
      return {
        messages: [
          { role: 'user', content: { type: 'text', text: `hello ${name}` } },
          { role: 'user', content: { type: 'resource', resource: { uri: 'note://one', text: 'a note' } } },
        ],
      };
    });
    return server;
  }
}

/** Registers it for the first tenant as a person would, and waits until the engine has looked at it. */
export async function registerContentServer(
  stack: TestStack,
  { name, url, ...more }: { name: string; url: string; requires_approval?: boolean },
): Promise<string> {
  const { body } = await stack
    .api()
    .post('/integrations/mcp-servers', { name, url, requires_approval: false, ...more });
  const serverId = body.data.server_id as string;
  await untilDiscovered(stack.owner, serverId);
  return serverId;
}
