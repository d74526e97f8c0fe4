import { perfectNodes } from '../../evidence/merkle/subtrees';
import type { PrismaClient } from '../../prisma/client';
import { readSealedEvents, type ChosenLeaves, type SealedEvent } from '../../prisma/reads/sealed-events';
import { readTree } from '../../prisma/reads/tree';
import { whenIncomplete } from './export-header';

const batchSize = 500;

export interface EventWithGap {
  readonly row: SealedEvent;
  /** Hashes of the perfect subtrees between the event before and this one. */
  readonly before: readonly string[];
}

/** The chosen events in batches, in leaf order; memory holds one batch. */
export async function* readEvents(
  prisma: PrismaClient,
  tenantId: string,
  chosen: ChosenLeaves,
): AsyncGenerator<readonly EventWithGap[]> {
  let next = 0;
  for (const part of batches(chosen)) {
    const rows = await readSealedEvents(prisma, tenantId, part);
    const gaps: [number, number][] = [];
    // In a range only its beginning is a gap; where a leaf is missing nothing may stand for it.
    const isRange = 'from' in chosen;
    for (const { index } of rows) {
      gaps.push(!isRange || index === chosen.from ? [next, index] : [index, index]);
      next = index + 1;
    }
    const hashes = await readGaps(prisma, tenantId, gaps);
    yield rows.map((row, at) => ({ row, before: hashes[at] ?? [] }));
  }
}

function* batches(chosen: ChosenLeaves): Generator<ChosenLeaves> {
  if ('from' in chosen) {
    for (let from = chosen.from; from < chosen.to; from += batchSize) {
      yield { from, to: Math.min(from + batchSize, chosen.to) };
    }
  } else {
    for (let at = 0; at < chosen.length; at += batchSize) yield chosen.slice(at, at + batchSize);
  }
}

/** For each range of leaves the hashes that stand for it; none where the tree has gaps. */
export async function readGaps(
  prisma: PrismaClient,
  tenantId: string,
  gaps: readonly (readonly [from: number, to: number])[],
): Promise<readonly (readonly string[])[]> {
  if (gaps.every(([from, to]) => from >= to)) return gaps.map(() => []);
  return readTree(prisma, tenantId, async ({ readNode }) => {
    const found: string[][] = [];
    for (const [from, to] of gaps) {
      const nodes = await Promise.all(perfectNodes(from, to).map((each) => readNode(...each))).catch(whenIncomplete);
      found.push((nodes ?? []).map((node) => node.toString('hex')));
    }
    return found;
  });
}
