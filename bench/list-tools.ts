import path from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { startChild } from './support/child';
import { newTenant } from './support/planes';
import { report } from './support/report';
import { startBenchStack, type BenchStack } from './support/stack';
import { median, summary } from './support/statistics';

const servers = 50;
const toolsEach = 40;
const rounds = Number(process.env.BENCH_ROUNDS ?? 30);
const goal = 2;

/** Lists of tools through the gateway, of one server and of all, against a server that answers with as many itself. */
async function main(): Promise<void> {
  const fixture = startChild<object, number>(path.join(__dirname, 'list-tools/many-tools.ts'));
  const port = await fixture.run({});
  process.env.AOS_EGRESS_ALLOW = `127.0.0.1:${port}`;
  const stack = await startBenchStack({ fileRoots: [] });
  const open: Client[] = [];
  const connect = async (url: string, key?: string) => {
    const client = new Client({ name: 'bench', version: '1' }, { versionNegotiation: { mode: 'auto' } });
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
    open.push(client);
    return client;
  };
  try {
    const key = await registered(stack, port);
    const gateway = `${stack.credentials.api_url}/mcp`;
    const direct = (count: number) => connect(`http://127.0.0.1:${port}/${count}/direct`);
    const cells = [
      {
        cell: 'one server',
        count: toolsEach,
        through: await connect(`${gateway}/s-0`, key),
        bare: await direct(toolsEach),
      },
      {
        ...{ cell: 'all servers', count: servers * toolsEach },
        ...{ through: await connect(gateway, key), bare: await direct(servers * toolsEach) },
      },
    ];
    for (const { cell, count, through, bare } of cells) {
      const ms = { gateway: [] as number[], direct: [] as number[] };
      for (let round = -3; round < rounds; round += 1) {
        for (const [side, client] of [['gateway', through] as const, ['direct', bare] as const]) {
          const began = performance.now();
          const found = await listAll(client);
          if (found !== count) throw new Error(`${side} lists ${found} tools, not ${count}`);
          if (round >= 0) ms[side].push(performance.now() - began);
        }
      }
      const ratio = median(ms.gateway) / median(ms.direct);
      report({
        ...{ bench: 'list-tools', cell, ok: ratio <= goal, ratio, goal, tools: count },
        ms: { gateway: summary(ms.gateway), direct: summary(ms.direct) },
      });
    }
  } finally {
    await Promise.all(open.map((client) => client.close()));
    await fixture.stop();
    await stack.stop();
  }
}

async function listAll(client: Client): Promise<number> {
  let count = 0;
  let cursor: string | undefined;
  do {
    const page = await client.listTools(cursor === undefined ? undefined : { cursor });
    count += page.tools.length;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return count;
}

async function registered(stack: BenchStack, port: number): Promise<string> {
  const { adminKey: key } = await newTenant(stack, 'lists');
  const post = <T>(route: string, body: unknown) => stack.call<T>(key, 'POST', route, body);
  for (let index = 0; index < servers; index += 1) {
    const url = `http://127.0.0.1:${port}/${toolsEach}/${index}`;
    const { server_id: serverId } = await post<{ server_id: string }>('/integrations/mcp-servers', {
      ...{ name: `s-${index}`, url, requires_approval: false },
    });
    await post(`/integrations/mcp-servers/${serverId}/discover`, {});
  }
  return key;
}

void main();
