import type { ReadNode } from './subtrees';
import { nodeInTile, tileHeight, tileOf } from './tiles';

/** Where a tree is kept: full tiles with their roots, and the leaves. Hashes are 32 bytes. */
export interface NodeStore {
  /** The hashes of a full tile, one after the other; undefined while it is not full. */
  tile(level: number, tileIndex: number): Promise<Uint8Array | undefined>;
  /** The roots of full tiles of a level, in order, from `first` on; fewer than `count` when there are not as many. */
  tileRoots(level: number, first: number, count: number): Promise<readonly Uint8Array[]>;
  leafHashes(first: number, count: number): Promise<readonly Uint8Array[]>;
}

/** Reads complete nodes; a tile is asked for once. Rejects with RangeError when the node is not complete. */
export function createNodeReader(store: NodeStore): ReadNode {
  const tiles = new Map<string, Promise<Uint8Array | undefined>>();
  const tile = (level: number, index: number) => {
    const key = `${level}/${index}`;
    const known = tiles.get(key) ?? store.tile(level, index);
    tiles.set(key, known);
    return known;
  };
  return async (level, index) => {
    const place = tileOf(level, index);
    const full = await tile(place.tileLevel, place.tileIndex);
    if (full !== undefined) return nodeInTile(full, place);
    // A tile that is not full yet is made of the roots of full ones below it, or of leaves.
    const first = index * 2 ** (level % tileHeight);
    const hashes = await (place.tileLevel === 0
      ? store.leafHashes(first, place.count)
      : store.tileRoots(place.tileLevel - 1, first, place.count));
    if (hashes.length !== place.count) throw new RangeError(`node ${level}/${index} is not complete`);
    return nodeInTile(Buffer.concat(hashes), { first: 0, count: place.count });
  };
}
