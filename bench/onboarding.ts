import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect } from '@lancedb/lancedb';
import type { BareResult, BareTask } from './onboarding/bare';
import { readStages } from './onboarding/stages';
import { startChild } from './support/child';
import { processorSeconds, usedBetween } from './support/cpu';
import { readDocuments, writeDocuments } from './support/cranfield';
import { newTenant, onboard, untilState } from './support/planes';
import { report } from './support/report';
import { startBenchStack, type BenchStack } from './support/stack';
import { median, spread } from './support/statistics';

const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const ratioMin = 0.8;

/** The same files through a whole plane and through one script with the same adapters, in turn. */
async function main(): Promise<void> {
  const place = await mkdtemp(path.join(tmpdir(), 'aos-onboarding-'));
  const documents = readDocuments();
  const folder = await writeDocuments(path.join(place, 'documents'), documents);
  const bare = startChild<BareTask, BareResult>(path.join(__dirname, 'onboarding/bare.ts'));
  const stack = await startBenchStack({ fileRoots: [place] });
  const governedRates: number[] = [];
  const bareRates: number[] = [];
  const storedRates: number[] = [];
  try {
    const used = () => processorSeconds({ without: [bare.pid] });
    for (let round = 1; round <= rounds; round += 1) {
      const usedBefore = used();
      const governed = await onboardOnce(stack, folder, round);
      const governedSeconds = usedBetween(usedBefore, used());
      const bareRun = await bare.run({ tenantId: `bare${round}`, folder, dataDir: place });
      const ours = await chunkTexts(path.join(stack.dataDir, 'vectors'), governed.tenantId);
      const theirs = await chunkTexts(path.join(place, 'vectors'), `bare${round}`);
      const isSame = ours.chunks > 0 && ours.chunks === theirs.chunks && ours.hash === theirs.hash;
      report({ bench: 'onboarding', cell: `same chunks, round ${round}`, ok: isSame, chunks: ours.chunks });
      if (!isSame) return;
      governedRates.push((documents.length * 1000) / governed.totalMs);
      bareRates.push((documents.length * 1000) / bareRun.totalMs);
      storedRates.push((documents.length * 1000) / bareRun.storedMs);
      report({
        bench: 'onboarding',
        cell: `round ${round}`,
        ratio: bareRun.totalMs / governed.totalMs,
        governed_ms: governed.totalMs,
        bare_ms: bareRun.totalMs,
        bare_before_compaction_ms: bareRun.storedMs,
        processor_seconds: { governed: governedSeconds, bare: bareRun.processorSeconds },
        stages_ms: governed.stages,
      });
    }
    const ratios = governedRates.map((rate, index) => rate / (bareRates[index] ?? NaN));
    report({
      bench: 'onboarding',
      cell: 'documents per second',
      ok: median(ratios) >= ratioMin,
      ratio: median(ratios),
      goal: ratioMin,
      governed: median(governedRates),
      bare: median(bareRates),
      ratio_without_the_bare_compaction: median(governedRates.map((rate, index) => rate / (storedRates[index] ?? NaN))),
      spread: { governed: spread(governedRates), bare: spread(bareRates) },
      rounds,
    });
  } finally {
    await bare.stop();
    await stack.stop();
    await rm(place, { recursive: true, force: true });
  }
}

async function onboardOnce(stack: BenchStack, folder: string, round: number) {
  const tenant = await newTenant(stack, `Round ${round}`);
  const beganMs = Date.now();
  const planeId = await onboard(stack, tenant, folder);
  const endedMs = await untilState(stack, planeId, 'PENDING_ACTIVATE');
  return { tenantId: tenant.tenantId, totalMs: endedMs - beganMs, stages: await readStages(stack, planeId, beganMs) };
}

async function chunkTexts(folder: string, tenantId: string): Promise<{ chunks: number; hash: string }> {
  const connection = await connect(folder);
  const table = await connection.openTable(`chunks_${tenantId}`);
  const rows = (await table.query().select(['text_hash']).toArray()) as { text_hash: string }[];
  connection.close();
  const hashes = rows.map(({ text_hash }) => text_hash).sort();
  return { chunks: rows.length, hash: createHash('sha256').update(hashes.join('\n')).digest('hex') };
}

void main();
