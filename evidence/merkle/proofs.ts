import { splitOf, subtreeRoot, type ReadNode } from './subtrees';

export { verifyConsistency, verifyInclusion, type ConsistencyClaim, type InclusionClaim } from './verify-proofs';
export type { ReadNode } from './subtrees';

/** The audit path of a leaf in the tree of `size` leaves, lowest node first (RFC 6962 §2.1.1). */
export async function inclusionProof(index: number, size: number, readNode: ReadNode): Promise<Buffer[]> {
  if (!isCount(index) || !isCount(size) || index >= size) throw new RangeError(`there is no leaf ${index} in ${size}`);
  const siblings: [number, number][] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + splitOf(end - start);
    const isLeft = index < middle;
    siblings.unshift(isLeft ? [middle, end] : [start, middle]);
    [start, end] = isLeft ? [start, middle] : [middle, end];
  }
  return Promise.all(siblings.map(([from, to]) => subtreeRoot(from, to, readNode)));
}

/** Shows that the tree of `second` leaves begins with the tree of `first` leaves (RFC 6962 §2.1.2). */
export async function consistencyProof(first: number, second: number, readNode: ReadNode): Promise<Buffer[]> {
  if (!isCount(first) || !isCount(second) || first > second) throw new RangeError(`${second} is smaller than ${first}`);
  if (first === 0 || first === second) return [];
  const parts: [number, number][] = [];
  let [start, end] = [0, second];
  let isWholeOfFirst = true;
  while (end !== first) {
    const middle = start + splitOf(end - start);
    if (first <= middle) {
      parts.unshift([middle, end]);
      end = middle;
    } else {
      parts.unshift([start, middle]);
      start = middle;
      isWholeOfFirst = false;
    }
  }
  // The verifier knows the root of the first tree already when that is a subtree by itself.
  if (!isWholeOfFirst) parts.unshift([start, end]);
  return Promise.all(parts.map(([from, to]) => subtreeRoot(from, to, readNode)));
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
