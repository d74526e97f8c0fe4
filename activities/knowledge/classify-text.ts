import { setImmediate } from 'node:timers/promises';
import { documentCategories } from '../../contracts/classification';
import { findCategories } from './categories';
import { detectPersonalData, type Finding } from './detectors';

const segmentLength = 256 * 1024;
// What a segment sees beyond its end, so that a finding that begins before the end is seen whole.
const lookAhead = 4 * 1024;
const findingsMax = 20_000;

export interface ClassifiedText {
  readonly categories: string[];
  readonly findings: Finding[];
}

export interface ClassifyOptions {
  readonly signal: AbortSignal;
  /** UTF-16 units scanned in one go. */
  readonly length?: number;
}

/**
 * Scans all of a text, a segment at a time, so that a long document does not keep the process from everything else.
 * Offsets are those of the whole text.
 */
export async function classifyText(
  text: string,
  { signal, length = segmentLength }: ClassifyOptions,
): Promise<ClassifiedText> {
  const findings: Finding[] = [];
  const found = new Set<string>();
  let begin = 0;
  while (begin < text.length) {
    signal.throwIfAborted();
    const end = segmentEnd(text, begin, length);
    const segment = text.slice(begin, Math.min(end + lookAhead, text.length));
    for (const category of findCategories(segment)) found.add(category);
    const seenUntil = findings.at(-1)?.end ?? 0;
    for (const finding of detectPersonalData(segment)) {
      const start = begin + finding.start;
      if (start < end && start >= seenUntil) findings.push({ ...finding, start, end: begin + finding.end });
    }
    begin = end;
    await setImmediate();
  }
  return {
    categories: documentCategories.filter((category) => found.has(category)),
    findings: boundFindings(findings),
  };
}

// A finding hardly ever spans a line, so a segment ends behind one where it can.
function segmentEnd(text: string, begin: number, length: number): number {
  const limit = begin + length;
  if (limit >= text.length) return text.length;
  const line = text.lastIndexOf('\n', limit - 1) + 1;
  if (line > begin + length / 2) return line;
  const space = text.lastIndexOf(' ', limit - 1) + 1;
  return space > begin + length / 2 ? space : limit;
}

/**
 * At most some thousands of findings a document: beyond that, neighbours of one kind become one that spans them all. It
 * hides more than it must, never less, and a kind that was found stays found.
 */
export function boundFindings(findings: readonly Finding[], max = findingsMax): Finding[] {
  if (findings.length <= max) return [...findings];
  const kinds = new Set(findings.map(({ kind }) => kind));
  const perGroup = Math.ceil(findings.length / Math.max(max - kinds.size, 1));
  const bounded: Finding[] = [];
  for (const kind of kinds) {
    const own = findings.filter((finding) => finding.kind === kind);
    for (let index = 0; index < own.length; index += perGroup) bounded.push(span(own.slice(index, index + perGroup)));
  }
  return bounded.sort((a, b) => a.start - b.start || b.end - a.end);
}

function span(group: readonly Finding[]): Finding {
  const [first] = group;
  if (first === undefined) throw new Error('a group has at least one finding');
  return {
    ...first,
    end: Math.max(...group.map(({ end }) => end)),
    score: Math.max(...group.map(({ score }) => score)),
  };
}
