import path from 'node:path';
import type { Asked, AskTask } from './tool-calls/ask';
import type { BarePorts, BareTask } from './tool-calls/bare';
import { startChild } from './support/child';
import { processorSeconds, usedBetween } from './support/cpu';
import { newTenant } from './support/planes';
import { report } from './support/report';
import { startBenchStack, type BenchStack } from './support/stack';
import { median, spread, summary } from './support/statistics';

const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const callsPerRound = { 1: 100, 8: 300, 32: 400 } as const;
const goals = { latency: 1.5, rate: 0.7 };

/** Governed calls over HTTP, against a bare workflow with one activity and the call alone, on the same servers in turn. */
async function main(): Promise<void> {
  const at = (name: string) => path.join(__dirname, 'tool-calls', name);
  const tools = startChild<object, number>(at('tool-server.ts'));
  const toolPort = await tools.run({});
  process.env.AOS_EGRESS_ALLOW = `127.0.0.1:${toolPort}`;
  const toolUrl = `http://127.0.0.1:${toolPort}/mcp`;
  const bare = startChild<BareTask, BarePorts>(at('bare.ts'));
  const client = startChild<AskTask, Asked>(at('ask.ts'));
  const stack = await startBenchStack({ fileRoots: [] });
  try {
    const { key, invokeUrl, serverId } = await callableTool(stack, toolUrl);
    const temporalAddress = stack.credentials.temporal_address;
    const ports = await bare.run({ temporalAddress, toolUrl });
    const urls = {
      governed: invokeUrl,
      workflow: `http://127.0.0.1:${ports.workflow}/`,
      direct: `http://127.0.0.1:${ports.direct}/`,
    };
    const used = () => processorSeconds({ without: [client.pid] });
    let made = 0;
    for (const clients of [1, 8, 32] as const) {
      const calls = callsPerRound[clients];
      const run = (url: string) => client.run({ url, key, clients, calls });
      for (const url of Object.values(urls)) await run(url);
      made += calls;
      const seen: Record<keyof typeof urls, Asked[]> = { governed: [], workflow: [], direct: [] };
      const processor: Record<string, unknown> = {};
      for (let round = 0; round < rounds; round += 1) {
        for (const side of ['governed', 'workflow', 'direct'] as const) {
          const before = used();
          seen[side].push(await run(urls[side]));
          processor[side] = usedBetween(before, used());
        }
        made += calls;
      }
      const p50 = (side: keyof typeof urls) => median(seen[side].flatMap(({ latenciesMs }) => latenciesMs));
      const rate = (side: keyof typeof urls) => median(seen[side].map(({ callsPerSecond }) => callsPerSecond));
      const latency = p50('governed') / p50('workflow');
      const share = rate('governed') / rate('workflow');
      report({
        ...{ bench: 'tool-calls', cell: `${clients} at once`, ok: latency <= goals.latency && share >= goals.rate },
        ...{ latency_ratio: latency, rate_ratio: share, goals },
        added_to_the_call_alone_ms: p50('governed') - p50('direct'),
        ms: Object.fromEntries(
          Object.entries(seen).map(([side, all]) => [side, summary(all.flatMap((each) => each.latenciesMs))]),
        ),
        calls_per_second: { governed: rate('governed'), workflow: rate('workflow'), direct: rate('direct') },
        spread: spread(seen.governed.map(({ callsPerSecond }) => callsPerSecond)),
        processor_seconds_of_last_round: processor,
      });
    }
    await countEvidence(stack, serverId, made);
  } finally {
    await Promise.all([bare.stop(), client.stop(), tools.stop()]);
    await stack.stop();
  }
}

async function callableTool(stack: BenchStack, url: string) {
  const { adminKey: key } = await newTenant(stack, 'tools');
  const post = <T>(route: string, body: unknown) => stack.call<T>(key, 'POST', route, body);
  const { server_id: serverId } = await post<{ server_id: string }>('/integrations/mcp-servers', {
    ...{ name: 'bench', url, requires_approval: false },
  });
  await post(`/integrations/mcp-servers/${serverId}/discover`, {});
  // What is measured is a call, and not its limit.
  await stack.owner.query(`update mcp_tools set max_calls_per_minute = 1000000 where server_id = $1`, [serverId]);
  const { rows } = await stack.owner.query<{ tool_id: string }>(`select tool_id from mcp_tools where server_id = $1`, [
    serverId,
  ]);
  const { policy_id: policyId } = await post<{ policy_id: string }>('/policies', {
    ...{ name: 'tools', enforcement_mode: 'BLOCK', conditions: { tool_rules: [{ effect: 'allow' }] } },
  });
  await post(`/policies/${policyId}/lifecycle`, { target: 'ACTIVE', reason: 'bench' });
  const route = `/integrations/mcp-servers/${serverId}/tools/${rows[0]?.tool_id ?? ''}/invoke`;
  return { key, serverId, invokeUrl: `${stack.credentials.api_url}/api/v1${route}` };
}

/** One decision, one intent and one outcome for each call. */
async function countEvidence({ owner }: BenchStack, serverId: string, made: number): Promise<void> {
  const { rows } = await owner.query<Record<string, string>>(
    `select count(*) as calls,
      count(*) filter (where c.state = 'settled' and c.outcome = 'succeeded') as succeeded,
      count(*) filter (where (select count(*) from mcp_tool_invocations i where i.invocation_id = c.invocation_id) = 1)
        as with_evidence,
      count(*) filter (where (select count(*) from effect_intents e join effect_outcomes o using (intent_id)
        where e.subject = 'tool:' || c.invocation_id) = 1) as with_effect,
      count(*) filter (where (select count(*) from audit_events a where a.resource_id = c.invocation_id
        and a.event_type = 'tool_invocation_allowed') = 1) as with_decision
     from mcp_tool_calls c where c.server_id = $1`,
    [serverId],
  );
  const counts = Object.fromEntries(Object.entries(rows[0] ?? {}).map(([name, value]) => [name, Number(value)]));
  report({
    bench: 'tool-calls',
    cell: 'evidence',
    ok: Object.values(counts).every((each) => each === made),
    made,
    ...counts,
  });
}

void main();
