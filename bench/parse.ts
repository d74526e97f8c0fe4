import { createParser } from '../activities/adapters/parser';
import { chunkText } from '../activities/knowledge/chunk-text';
import { bare } from './parse/bare';
import { documents } from './parse/documents';
import { report } from './support/report';
import { median, spread } from './support/statistics';

const rounds = Number(process.env.BENCH_ROUNDS ?? 9);
const ratioMin = 0.8;
const parser = createParser();

/** Each format parsed and chunked behind the thread's bounds, and by its library alone, in turn. */
async function main(): Promise<void> {
  for (const [name, bytes] of Object.entries(documents)) {
    const document = { name, bytes: bytes.length, read: async () => Buffer.from(bytes) };
    const ours = async () => (await parser.parse(document)).text;
    const theirs = async () => (await bare[name]?.(Buffer.from(bytes))) ?? '';
    const wordCounts = [wordCount(await ours()), wordCount(await theirs())] as const;
    const isSame = Math.abs(wordCounts[0] / wordCounts[1] - 1) < 0.1;
    report({ bench: 'parse', cell: `${name}, same words`, ok: isSame, words: wordCounts });
    if (!isSame) continue;
    const ourMs: number[] = [];
    const bareMs: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      ourMs.push(await timed(ours));
      bareMs.push(await timed(theirs));
    }
    const megabytes = bytes.length / 1e6;
    const ratio = median(bareMs) / median(ourMs);
    report({
      ...{ bench: 'parse', cell: name, ok: ratio >= ratioMin, ratio, goal: ratioMin },
      ...{ megabytes, ours: (1000 * megabytes) / median(ourMs), bare: (1000 * megabytes) / median(bareMs) },
      spread: { ours: spread(ourMs), bare: spread(bareMs) },
    });
  }
  await parser.close();
}

async function timed(parse: () => Promise<string>): Promise<number> {
  const began = performance.now();
  chunkText(await parse());
  return performance.now() - began;
}

function wordCount(text: string): number {
  return text.match(/\w+/g)?.length ?? 0;
}

void main();
