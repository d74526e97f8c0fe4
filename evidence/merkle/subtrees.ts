import { rootOf } from './edge';

/** The hash of a complete node: level 0 are the leaf hashes, `index` counts within the level. */
export type ReadNode = (level: number, index: number) => Promise<Buffer>;

/** The largest power of two below `size`: where a tree of that size is split (RFC 6962 §2.1). `size` is at least 2. */
export function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

/** The root over the leaves from `start` up to `end`; `start` is a multiple of the largest power of two within. */
export async function subtreeRoot(start: number, end: number, readNode: ReadNode): Promise<Buffer> {
  return rootOf({ hashes: await Promise.all(perfectNodes(start, end).map((each) => readNode(...each))) });
}

/** Level and index of the perfect subtrees that the range consists of, left to right. */
export function perfectNodes(start: number, end: number): [level: number, index: number][] {
  const nodes: [number, number][] = [];
  let from = start;
  while (from < end) {
    let level = 0;
    while (from % 2 ** (level + 1) === 0 && from + 2 ** (level + 1) <= end) level += 1;
    nodes.push([level, from / 2 ** level]);
    from += 2 ** level;
  }
  return nodes;
}
