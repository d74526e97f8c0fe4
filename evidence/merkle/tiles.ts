import { nodeHash } from './hash';

/** Levels in a tile, and hashes in a full one (C2SP tlog-tiles). */
export const tileHeight = 8;
export const tileWidth = 256;
const hashBytes = 32;

/** A tile of tile level L holds the nodes of tree level 8 L; `first` and `count` say which of them lie below a node. */
export interface PlaceInTile {
  readonly tileLevel: number;
  readonly tileIndex: number;
  readonly first: number;
  readonly count: number;
}

/** Where the node `index` of tree level `level` is found. */
export function tileOf(level: number, index: number): PlaceInTile {
  const count = 2 ** (level % tileHeight);
  const start = index * count;
  return {
    tileLevel: Math.floor(level / tileHeight),
    tileIndex: Math.floor(start / tileWidth),
    first: start % tileWidth,
    count,
  };
}

/** The node from the hashes of its tile, one after the other, 32 bytes each. Throws RangeError when they are not all there. */
export function nodeInTile(hashes: Uint8Array, { first, count }: Pick<PlaceInTile, 'first' | 'count'>): Buffer {
  if (hashes.byteLength < (first + count) * hashBytes) throw new RangeError('the tile does not hold the node yet');
  let nodes = Array.from({ length: count }, (_, offset) => hashAt(hashes, first + offset));
  while (nodes.length > 1) {
    nodes = Array.from({ length: nodes.length / 2 }, (_, pair) =>
      nodeHash(nodes[2 * pair] as Buffer, nodes[2 * pair + 1] as Buffer),
    );
  }
  return nodes[0] as Buffer;
}

function hashAt(hashes: Uint8Array, position: number): Buffer {
  return Buffer.from(hashes.subarray(position * hashBytes, (position + 1) * hashBytes));
}
