import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Pool } from 'undici';
import { chunkText } from '../activities/knowledge/chunk-text';
import { atOnce, type Measured } from './retrieval/at-once';
import type { BareSearchTask } from './retrieval/bare';
import { startChild } from './support/child';
import { processorSeconds, usedBetween } from './support/cpu';
import { readDocuments, readQueries, writeDocuments } from './support/cranfield';
import { activate, newTenant, onboard, untilState } from './support/planes';
import { report } from './support/report';
import { startBenchStack, type BenchStack } from './support/stack';
import { median, spread, summary } from './support/statistics';

const chunksWanted = Number(process.env.BENCH_CHUNKS ?? 20_000);
const rounds = Number(process.env.BENCH_ROUNDS ?? 7);
const callers = 8;
const queriesPerRound = 160;
const ratioMax = 1.5;

/** The same questions over HTTP to the API and to a bare search of the same store, in turn. */
async function main(): Promise<void> {
  const place = await mkdtemp(path.join(tmpdir(), 'aos-retrieval-'));
  const bare = startChild<BareSearchTask, Measured>(path.join(__dirname, 'retrieval/bare.ts'));
  const stack = await startBenchStack({ fileRoots: [place] });
  const pool = new Pool(stack.credentials.api_url, { connections: callers });
  try {
    const folder = await writeDocuments(path.join(place, 'documents'), variedDocuments());
    const { tenantId, adminKey, planeId } = await activePlane(stack, folder);
    const { rows } = await stack.owner.query<{ n: number }>(
      'select node_count::int as n from knowledge_planes where plane_id = $1',
      [planeId],
    );
    const chunks = rows[0]?.n ?? 0;
    const ask = (query: string) => askApi(pool, adminKey, planeId, query);
    const governed = (queries: readonly string[]) => atOnce(queries, callers, ask);
    const plain = (queries: readonly string[]) =>
      bare.run({ dataDir: stack.dataDir, tenantId, planeId, queries, callers });

    const questions = readQueries();
    const [ours, theirs] = [await governed(questions), await plain(questions)];
    const same = ours.ids.filter((ids, index) => ids.length === 10 && ids.join() === theirs.ids[index]?.join()).length;
    const isSame = same === questions.length && chunks >= chunksWanted;
    report({ bench: 'retrieval', cell: 'same top 10', ok: isSame, same, questions: questions.length, chunks });
    if (!isSame) return;

    const used = () => processorSeconds({ without: [bare.pid] });
    const pairs: { governed: Measured; plain: Measured; processor: ReturnType<typeof usedBetween> }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const queries = Array.from(
        { length: queriesPerRound },
        (_, index) => questions[(round * 37 + index) % questions.length] ?? '',
      );
      const usedBefore = used();
      const asked = await governed(queries);
      const processor = usedBetween(usedBefore, used());
      pairs.push({ governed: asked, processor, plain: await plain(queries) });
    }
    const p50s = (side: 'governed' | 'plain') => pairs.map((pair) => median(pair[side].latenciesMs));
    const ratios = p50s('governed').map((ms, index) => ms / (p50s('plain')[index] ?? NaN));
    const perRequest = (seconds: readonly number[]) => (median(seconds) * 1000) / queriesPerRound;
    report({
      bench: 'retrieval',
      cell: `p50 at ${callers} clients`,
      ok: median(ratios) <= ratioMax,
      ratio: median(ratios),
      goal: ratioMax,
      ratios,
      governed_ms: summary(pairs.flatMap((pair) => pair.governed.latenciesMs)),
      bare_ms: summary(pairs.flatMap((pair) => pair.plain.latenciesMs)),
      spread: { governed: spread(p50s('governed')), bare: spread(p50s('plain')) },
      processor_ms_per_request: {
        ...Object.fromEntries(
          Object.keys(pairs[0]?.processor ?? {}).map((name) => [
            name,
            perRequest(pairs.map(({ processor }) => (processor as Record<string, number>)[name] ?? 0)),
          ]),
        ),
        clients: perRequest(pairs.map((pair) => pair.governed.processorSeconds)),
        bare: perRequest(pairs.map((pair) => pair.plain.processorSeconds)),
      },
    });
  } finally {
    await pool.close();
    await bare.stop();
    await stack.stop();
    await rm(place, { recursive: true, force: true });
  }
}

async function activePlane(stack: BenchStack, folder: string) {
  const tenant = await newTenant(stack, 'Retrieval');
  const planeId = await onboard(stack, tenant, folder);
  await untilState(stack, planeId, 'PENDING_ACTIVATE');
  await activate(stack, tenant, planeId);
  return { ...tenant, planeId };
}

/** The collection again and again, each time with other first words, until there are enough chunks. */
function variedDocuments(): { id: string; text: string }[] {
  const documents = readDocuments().filter(({ text }) => text.trim() !== '');
  const varied: { id: string; text: string }[] = [];
  for (let chunks = 0, copy = 0; chunks < chunksWanted; copy += 1) {
    for (const document of documents) {
      if (chunks >= chunksWanted) break;
      const text = copy === 0 ? document.text : `edition ${copy} of report ${document.id} . ${document.text}`;
      varied.push({ id: `${document.id}-${copy}`, text });
      chunks += chunkText(text.trim()).length;
    }
  }
  return varied;
}

interface Answer {
  readonly data?: { readonly hits: readonly { readonly chunk_id: string }[] };
}

async function askApi(pool: Pool, adminKey: string, planeId: string, query: string): Promise<readonly string[]> {
  const { statusCode, body } = await pool.request({
    method: 'POST',
    path: '/api/v1/retrieval/execute',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ plane_id: planeId, action: 'query', payload: { query, top_k: 10 } }),
  });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`${statusCode} ${text}`);
  return ((JSON.parse(text) as Answer).data?.hits ?? []).map(({ chunk_id }) => chunk_id);
}

void main();
