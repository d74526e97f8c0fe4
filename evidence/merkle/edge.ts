import { emptyRoot, nodeHash } from './hash';

/** All that is needed to append to a tree and to know its root: the roots of its perfect subtrees, left to right. */
export interface TreeEdge {
  /** Number of leaves. */
  readonly size: number;
  /** One for each set bit of the size, the largest subtree first. */
  readonly hashes: readonly Buffer[];
}

export const emptyEdge: TreeEdge = { size: 0, hashes: [] };

/** Told of each node whose subtree has become complete. Level 0 are the leaves; `index` counts within the level. */
export type OnNode = (level: number, index: number, hash: Buffer) => void;

export function appendLeaf(edge: TreeEdge, leafHash: Buffer, onNode?: OnNode): TreeEdge {
  return appendLeaves(edge, [leafHash], onNode);
}

/** The edge with the leaf hashes appended in order. */
export function appendLeaves(edge: TreeEdge, leafHashes: Iterable<Buffer>, onNode?: OnNode): TreeEdge {
  const growing = growEdge(edge, onNode);
  for (const leaf of leafHashes) growing.add(0, leaf);
  return { size: growing.size, hashes: growing.hashes };
}

export interface GrowingEdge {
  size: number;
  readonly hashes: Buffer[];
  /** Appends a perfect subtree of 2^level leaves; the size so far is a multiple of that. */
  add(level: number, hash: Buffer): void;
}

/** An edge that changes in place, for those who append much. */
export function growEdge(edge: TreeEdge, onNode?: OnNode): GrowingEdge {
  const growing: GrowingEdge = {
    size: edge.size,
    hashes: [...edge.hashes],
    add(level, hash) {
      let [node, at, index] = [hash, level, growing.size / 2 ** level];
      onNode?.(at, index, node);
      // An odd index is a right child: its left sibling is the last subtree of the edge.
      while (index % 2 === 1) {
        node = nodeHash(growing.hashes.pop() as Buffer, node);
        at += 1;
        index = (index - 1) / 2;
        onNode?.(at, index, node);
      }
      growing.hashes.push(node);
      growing.size += 2 ** level;
    },
  };
  return growing;
}

/** The root of the tree (RFC 6962 §2.1). */
export function rootOf({ hashes }: Pick<TreeEdge, 'hashes'>): Buffer {
  const last = hashes.at(-1);
  if (last === undefined) return emptyRoot;
  return hashes.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last);
}
