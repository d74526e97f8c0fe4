import path from 'node:path';
import type { Asked, AskTask } from './api-read/ask';
import type { BareServerTask } from './api-read/bare';
import { startChild } from './support/child';
import { processorSeconds, usedBetween } from './support/cpu';
import { newTenant } from './support/planes';
import { report } from './support/report';
import { startBenchStack, type BenchStack } from './support/stack';
import { median, spread, summary } from './support/statistics';

const rounds = Number(process.env.BENCH_ROUNDS ?? 9);
const clients = 20;
const requestsPerRound = 2_000;
const ratioMin = 0.25;

/** One plane read over HTTP, from the API and from a bare server on the same Postgres, in turn. */
async function main(): Promise<void> {
  const bare = startChild<BareServerTask, number>(path.join(__dirname, 'api-read/bare.ts'));
  const client = startChild<AskTask, Asked>(path.join(__dirname, 'api-read/ask.ts'));
  const stack = await startBenchStack({ fileRoots: [] });
  try {
    const { key, planeId } = await readablePlane(stack);
    const port = await bare.run({ databaseUrl: stack.credentials.database_url });
    const ask = (origin: string, requests: number) =>
      client.run({ origin, path: `/api/v1/planes/${planeId}`, key, clients, requests });
    const governed = (requests = requestsPerRound) => ask(stack.credentials.api_url, requests);
    const plain = (requests = requestsPerRound) => ask(`http://127.0.0.1:${port}`, requests);

    const [ours, theirs] = [await governed(), await plain()];
    const { data } = JSON.parse(ours.body) as { data: Record<string, unknown> };
    const row = JSON.parse(theirs.body) as Record<string, unknown>;
    const same = ['plane_id', 'tenant_id', 'name', 'document_count', 'created_by', 'created_at', 'updated_at'];
    const isSame = data.plane_id === planeId && same.every((name) => data[name] === row[name]);
    report({ bench: 'api-read', cell: 'same plane', ok: isSame, same });
    if (!isSame) return;

    const used = () => processorSeconds({ without: [client.pid] });
    const pairs: { governed: Asked; plain: Asked; processor: ReturnType<typeof usedBetween>[] }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const usedAtFirst = used();
      const ofApi = await governed();
      const usedBetweenBoth = used();
      const ofBare = await plain();
      const processor = [usedBetween(usedAtFirst, usedBetweenBoth), usedBetween(usedBetweenBoth, used())];
      pairs.push({ governed: ofApi, plain: ofBare, processor });
    }
    const rates = (side: 'governed' | 'plain') => pairs.map((pair) => pair[side].requestsPerSecond);
    const ratios = rates('governed').map((rate, index) => rate / (rates('plain')[index] ?? NaN));
    const processorMs = (side: 0 | 1) =>
      Object.fromEntries(
        Object.keys(pairs[0]?.processor[side] ?? {}).map((name) => [
          name,
          (median(pairs.map(({ processor }) => (processor[side] as Record<string, number>)[name] ?? 0)) * 1_000) /
            requestsPerRound,
        ]),
      );
    report({
      bench: 'api-read',
      cell: `requests/s at ${clients} clients`,
      ok: median(ratios) >= ratioMin,
      ratio: median(ratios),
      goal: ratioMin,
      ratios,
      governed_per_s: median(rates('governed')),
      bare_per_s: median(rates('plain')),
      spread: { governed: spread(rates('governed')), bare: spread(rates('plain')) },
      governed_ms: summary(pairs.flatMap((pair) => pair.governed.latenciesMs)),
      bare_ms: summary(pairs.flatMap((pair) => pair.plain.latenciesMs)),
      processor_ms_per_request: { governed: processorMs(0), bare: processorMs(1) },
    });
  } finally {
    await Promise.all([bare.stop(), client.stop()]);
    await stack.stop();
  }
}

/** A plane with a source, under limits that no round reaches. */
async function readablePlane({ call, credentials, ...stack }: BenchStack) {
  const { tenantId, adminKey: key } = await newTenant({ call, credentials, ...stack }, 'Reads');
  const sources = [{ source_type: 'upload', name: 'uploads', config: {} }];
  const { plane_id: planeId } = await call<{ plane_id: string }>(key, 'POST', '/planes', { name: 'read', sources });
  const keys = await call<{ items: { key_id: string }[] }>(key, 'GET', '/api-keys');
  const subjects = [['tenant', tenantId], ...keys.items.map(({ key_id }) => ['key', key_id])];
  for (const [subject_type, subject_id] of subjects) {
    const limit = { subject_type, subject_id, requests: 1_000_000, seconds: 1, reason: 'bench' };
    await call(credentials.operator_key, 'POST', '/ops/rate-limits', limit);
  }
  return { key, planeId };
}

void main();
