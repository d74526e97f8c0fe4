import path from 'node:path';
import { z } from 'zod';
import { detectPersonalData } from '../activities/knowledge/detectors';
import type { PersonalDataKind } from '../contracts/classification';
import { dataFolder, fastestMs, readJson, readJsonLines, report } from './support/report';

interface Span {
  readonly kind: string;
  readonly start: number;
  readonly end: number;
}

/** What most projects use: the bar for recall, and the measure of speed. */
const plainExpressions: Readonly<Record<string, RegExp>> = {
  email: /[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}/g,
  phone: /(?:\+?\d{1,3}[-. ]?)?\(?\d{2,4}\)?[-. ]?\d{3,4}[-. ]?\d{3,4}/g,
  credit_card: /\b(?:\d[ -]?){13,19}\b/g,
  ssn: /\b\d{3}-\d{2}-\d{4}\b/g,
  iban: /\b[A-Z]{2}\d{2}[A-Z0-9]{11,30}\b/gi,
  ip_address: /\b(?:\d{1,3}\.){3}\d{1,3}\b/g,
};

const kindsBySample: Readonly<Record<string, PersonalDataKind>> = {
  EMAIL_ADDRESS: 'email',
  PHONE_NUMBER: 'phone',
  CREDIT_CARD: 'credit_card',
  US_SSN: 'ssn',
  IBAN_CODE: 'iban',
  IP_ADDRESS: 'ip_address',
  STREET_ADDRESS: 'address',
  PERSON: 'name',
};

const Samples = z.object({
  samples: z.array(
    z.object({ text: z.string(), spans: z.array(z.object({ kind: z.string(), start: z.int(), end: z.int() })) }),
  ),
});

const { samples } = Samples.parse(readJson(path.join(dataFolder(), 'pii-samples.json')));

function findPlain(text: string): Span[] {
  return Object.entries(plainExpressions).flatMap(([kind, expression]) =>
    [...text.matchAll(expression)].map((match) => ({ kind, start: match.index, end: match.index + match[0].length })),
  );
}

const overlaps = (a: Span, b: Span) => a.kind === b.kind && a.start < b.end && b.start < a.end;

function countKind(kind: PersonalDataKind, find: (text: string) => readonly Span[]) {
  const count = { expected: 0, caught: 0, found: 0, right: 0 };
  for (const { text, spans } of samples) {
    const expected = spans
      .map((span) => ({ ...span, kind: kindsBySample[span.kind] ?? '' }))
      .filter((span) => span.kind === kind);
    const found = find(text).filter((span) => span.kind === kind);
    count.expected += expected.length;
    count.caught += expected.filter((span) => found.some((other) => overlaps(span, other))).length;
    count.found += found.length;
    count.right += found.filter((span) => expected.some((other) => overlaps(span, other))).length;
  }
  return { ...count, recall: count.caught / count.expected, precision: count.right / count.found };
}

for (const kind of Object.values(kindsBySample)) {
  const ours = countKind(kind, detectPersonalData);
  const plain = countKind(kind, findPlain);
  const ok = ours.recall >= (plain.found === 0 ? 0 : plain.recall) && ours.precision >= 0.95;
  report({ bench: 'pii', cell: kind, ok, ours, plain });
}

const abstracts = readJsonLines(path.join(dataFolder(), 'cranfield', 'documents.jsonl'))
  .map((line) => z.object({ text: z.string() }).parse(line).text)
  .join('\n');
const texts = {
  samples: samples
    .map(({ text }) => text)
    .join('\n')
    .repeat(16),
  abstracts,
};
for (const [cell, text] of Object.entries(texts)) {
  const megabytes = Buffer.byteLength(text) / 1e6;
  const ours = megabytes / (fastestMs(() => void detectPersonalData(text)) / 1000);
  const plain = megabytes / (fastestMs(() => void findPlain(text)) / 1000);
  report({
    bench: 'pii',
    cell: `throughput_${cell}`,
    ok: ours >= 0.3 * plain,
    megabytes,
    ours,
    plain,
    ratio: ours / plain,
  });
}
