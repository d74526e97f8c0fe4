import { createHash, hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { verifyExport } from '../evidence/verify/verify-export';
import { fileText, makeFile, makeSigner, makeTree } from '../test/support/evidence-file';
import { report } from './support/report';
import { median, spread } from './support/statistics';

const events = Number(process.env.BENCH_EVENTS ?? 60_000);
const rounds = Number(process.env.BENCH_ROUNDS ?? 7);
const chunkBytes = 1 << 18;

/** Verifies one file again and again, and between that only hashes: the events' bytes one by one, and the file at a stretch. */
async function main(): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'aos-bench-'));
  try {
    for (const payloadBytes of [700, 4_000]) await measure(path.join(folder, `${payloadBytes}.json`), payloadBytes);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function measure(file: string, payloadBytes: number): Promise<void> {
  const count = payloadBytes > 1_000 ? Math.ceil(events / 4) : events;
  const tree = makeTree(count, { payloadBytes });
  const earlier = [1, Math.floor(count / 3), count - 1];
  await writeFile(file, fileText(await makeFile({ tree, size: count, signers: [makeSigner()], earlier })));
  const payloads = tree.events.map(({ bytes }) => Buffer.from(bytes ?? '', 'base64'));
  const payloadTotal = payloads.reduce((sum, { length }) => sum + length, 0);
  const { size } = await stat(file);
  const first = await verifyExport(createReadStream(file, { highWaterMark: chunkBytes }));
  report({ cell: 'same work', ok: first.ok && first.events === count, events: count, file_mb: size / 1e6 });

  const [verified, hashed, streamed]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < rounds; round += 1) {
    verified.push(await seconds(() => verifyExport(createReadStream(file, { highWaterMark: chunkBytes }))));
    hashed.push(await seconds(() => payloads.forEach((bytes) => hash('sha256', bytes))));
    streamed.push(await seconds(() => hashFile(file)));
  }
  report({
    cell: 'verify',
    event_bytes: Math.round(payloadTotal / count),
    payload_mb_per_second: payloadTotal / 1e6 / median(verified),
    file_mb_per_second: size / 1e6 / median(verified),
    events_per_second: count / median(verified),
    sha256_each_mb_per_second: payloadTotal / 1e6 / median(hashed),
    sha256_file_mb_per_second: size / 1e6 / median(streamed),
    ratio_to_hashing_each: median(hashed) / median(verified),
    ratio_to_hashing_file: median(streamed) / median(verified),
    spread: spread(verified),
    goal: 0.2,
    peak_rss_mb: process.resourceUsage().maxRSS / 1024,
  });
}

async function hashFile(file: string): Promise<void> {
  const digest = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: chunkBytes })) digest.update(chunk as Buffer);
  digest.digest();
}

async function seconds(work: () => unknown): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1e3;
}

void main();
