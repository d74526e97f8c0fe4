import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { Client as McpClient, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { serveTasks } from '../support/child';

export interface BareTask {
  readonly temporalAddress: string;
  readonly toolUrl: string;
  readonly proxyUrl: string;
}

export interface BarePorts {
  /** A workflow, started eagerly, with one activity that makes the call. */
  readonly workflow: number;
  /** The call alone. */
  readonly direct: number;
  /** The call through a gateway that governs nothing. */
  readonly proxy: number;
}

let upstream: McpClient | undefined;
let proxied: McpClient | undefined;

/** The call as the SDK makes it, on a connection that stays. */
export async function callBare(id: string): Promise<string> {
  return call(upstream, id);
}

async function call(client: McpClient | undefined, id: string): Promise<string> {
  return JSON.stringify(await client?.callTool({ name: 'read_note', arguments: { id } }));
}

async function connect(url: string): Promise<McpClient> {
  const client = new McpClient({ name: 'bare', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  return client;
}

serveTasks<BareTask, BarePorts>(async ({ temporalAddress, toolUrl, proxyUrl }) => {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  [upstream, proxied] = await Promise.all([connect(toolUrl), connect(proxyUrl)]);
  const connection = await NativeConnection.connect({ address: temporalAddress });
  const taskQueue = 'bare';
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: path.join(__dirname, 'bare-workflow.ts'),
    logger: new DefaultLogger('ERROR'),
  });
  const worker = await Worker.create({ connection, taskQueue, workflowBundle, activities: { callBare } });
  void worker.run();
  const client = new Client({ connection });
  const byWorkflow = (id: string) =>
    client.workflow.execute('bareCall', {
      ...{ workflowId: randomUUID(), taskQueue, args: [id], requestEagerStart: true },
    });
  return {
    workflow: await serve(byWorkflow),
    direct: await serve(callBare),
    proxy: await serve((id) => call(proxied, id)),
  };
});

/** node:http in front, as the governed side has its API. */
function serve(call: (id: string) => Promise<string>): Promise<number> {
  const server = createServer((request, response) => {
    void (async () => {
      let text = '';
      for await (const chunk of request) text += String(chunk);
      const { input } = JSON.parse(text) as { input: { id: string } };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(await call(input.id));
    })().catch(() => response.writeHead(500).end());
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
