import path from 'node:path';
import type { Asked, AskTask } from './tool-calls/ask';
import type { BarePorts, BareTask } from './tool-calls/bare';
import { phasesBetween, readPhases, type PhaseTotals } from './tool-calls/phases';
import { startProxy } from './tool-calls/proxy';
import { startChild } from './support/child';
import { processorSeconds, usedBetween } from './support/cpu';
import { newTenant } from './support/planes';
import { report } from './support/report';
import { startBenchStack, type BenchStack } from './support/stack';
import { median, spread, summary } from './support/statistics';

const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const callsPerRound = { 1: 100, 8: 300, 32: 400 } as const;
const goals = { latency: 1.5, rate: 0.7 };
/** So many calls in all, of each of which there must be evidence. */
const evidenceOf = Number(process.env.BENCH_EVIDENCE ?? 0);
const sides = ['governed', 'workflow', 'direct', 'proxy'] as const;
type Side = (typeof sides)[number];

/**
 * Governed calls over HTTP, against a bare workflow with one activity, the call alone, and the call through a gateway that
 * governs nothing; on the same servers in turn.
 */
async function main(): Promise<void> {
  const at = (name: string) => path.join(__dirname, 'tool-calls', name);
  const tools = startChild<object, number>(at('tool-server.ts'));
  const toolPort = await tools.run({});
  process.env.AOS_EGRESS_ALLOW = `127.0.0.1:${toolPort}`;
  const toolUrl = `http://127.0.0.1:${toolPort}/mcp`;
  const bare = startChild<BareTask, BarePorts>(at('bare.ts'));
  const client = startChild<AskTask, Asked>(at('ask.ts'));
  const proxy = await startProxy();
  const stack = await startBenchStack({ fileRoots: [] });
  try {
    const { key, invokeUrl, serverId } = await callableTool(stack, toolUrl);
    const temporalAddress = stack.credentials.temporal_address;
    const ports = await bare.run({ temporalAddress, toolUrl, proxyUrl: proxy.url });
    const urls: Record<Side, string> = {
      governed: invokeUrl,
      workflow: `http://127.0.0.1:${ports.workflow}/`,
      direct: `http://127.0.0.1:${ports.direct}/`,
      proxy: `http://127.0.0.1:${ports.proxy}/`,
    };
    const apiUrl = stack.credentials.api_url;
    const used = () => processorSeconds({ without: [client.pid] });
    let made = 0;
    for (const clients of [1, 8, 32] as const) {
      const calls = callsPerRound[clients];
      const run = (url: string) => client.run({ url, key, clients, calls });
      for (const url of Object.values(urls)) await run(url);
      made += calls;
      const seen: Record<Side, Asked[]> = { governed: [], workflow: [], direct: [], proxy: [] };
      const phasesBefore = await readPhases(apiUrl);
      const upstreamBefore = await upstreamTotals(stack, serverId);
      const processor: Record<string, unknown> = {};
      for (let round = 0; round < rounds; round += 1) {
        for (const side of sides) {
          const before = used();
          seen[side].push(await run(urls[side]));
          processor[side] = usedBetween(before, used());
        }
        made += calls;
      }
      const phases = {
        ...phasesBetween(phasesBefore, await readPhases(apiUrl)),
        ...phasesBetween(upstreamBefore, await upstreamTotals(stack, serverId)),
      };
      const all = seen.governed.flatMap(({ latenciesMs }) => latenciesMs);
      const mean = all.reduce((sum, each) => sum + each, 0) / all.length;
      const engine = mean - Object.values(phases).reduce((sum, each) => sum + each, 0);
      const p50 = (side: Side) => median(seen[side].flatMap(({ latenciesMs }) => latenciesMs));
      const rate = (side: Side) => median(seen[side].map(({ callsPerSecond }) => callsPerSecond));
      const latency = p50('governed') / p50('workflow');
      const share = rate('governed') / rate('workflow');
      report({
        ...{ bench: 'tool-calls', cell: `${clients} at once`, ok: latency <= goals.latency && share >= goals.rate },
        ...{ latency_ratio: latency, rate_ratio: share, goals },
        added_to_the_call_alone_ms: p50('governed') - p50('direct'),
        added_to_the_proxy_ms: p50('governed') - p50('proxy'),
        mean_ms_by_phase: { ...phases, engine_and_http: engine },
        ms: Object.fromEntries(
          Object.entries(seen).map(([side, asked]) => [side, summary(asked.flatMap((each) => each.latenciesMs))]),
        ),
        calls_per_second: Object.fromEntries(sides.map((side) => [side, rate(side)])),
        spread: spread(seen.governed.map(({ callsPerSecond }) => callsPerSecond)),
        processor_seconds_of_last_round: processor,
      });
    }
    const missing = Math.max(0, evidenceOf - made);
    if (missing > 0) await client.run({ url: urls.governed, key, clients: 32, calls: missing });
    await countEvidence(stack, serverId, made + missing);
  } finally {
    await Promise.all([bare.stop(), client.stop(), tools.stop(), proxy.stop()]);
    await stack.stop();
  }
}

/** How long the server took, as the evidence of the calls says. */
async function upstreamTotals({ owner }: BenchStack, serverId: string): Promise<PhaseTotals> {
  const { rows } = await owner.query<{ seconds: number; count: number }>(
    `select coalesce(sum(duration_ms), 0)::float8 / 1000 as seconds, count(*)::int as count
     from mcp_tool_invocations where server_id = $1`,
    [serverId],
  );
  return { upstream: rows[0] ?? { seconds: 0, count: 0 } };
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
