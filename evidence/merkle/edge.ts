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
  const hashes = [...edge.hashes];
  let size = edge.size;
  for (const leaf of leafHashes) {
    let node = leaf;
    let level = 0;
    let index = size;
    onNode?.(level, index, node);
    // An odd index is a right child: its left sibling is the last subtree of the edge.
    while (index % 2 === 1) {
      node = nodeHash(hashes.pop() as Buffer, node);
      level += 1;
      index = (index - 1) / 2;
      onNode?.(level, index, node);
    }
    hashes.push(node);
    size += 1;
  }
  return { size, hashes };
}

/** The root of the tree (RFC 6962 §2.1). */
export function rootOf({ hashes }: Pick<TreeEdge, 'hashes'>): Buffer {
  const last = hashes.at(-1);
  if (last === undefined) return emptyRoot;
  return hashes.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last);
}
