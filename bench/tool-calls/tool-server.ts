import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { serveTasks } from '../support/child';
import { noteServer } from './note-tool';

/** A tool server over streamable HTTP, whose one tool answers at once. Returns its port. */
serveTasks<object, number>(() => {
  const handle = toNodeHandler(createMcpHandler(noteServer));
  const server = createServer((request, response) => {
    void readJson(request).then((body) => handle(request as never, response, body));
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
});

async function readJson(request: AsyncIterable<unknown>): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text === '' ? undefined : JSON.parse(text);
}
