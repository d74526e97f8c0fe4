import type { ExportEnd, ExportEvent, ExportHeader } from '../export-format';
import { emptyEdge, growEdge, rootOf } from '../merkle/edge';
import { perfectNodes } from '../merkle/subtrees';
import type { Findings } from './finding';

/** Where the recomputed tree is compared on the way, so that it is known between which two it was changed. */
export interface Milestone {
  readonly size: number;
  readonly root: Buffer;
}

export interface TreeCheck {
  add(event: ExportEvent, leaf: Buffer | undefined): void;
  finish(end: ExportEnd): void;
  /** Recomputed roots by size: of those asked for, the ones that do not lie in a gap. */
  readonly rootsSeen: ReadonlyMap<number, Buffer>;
  /** True when nothing was found wrong with the tree up to now. */
  isSound(): boolean;
}

interface TreeCheckInput {
  readonly tree: ExportHeader['tree'];
  /** Of signed checkpoints, smallest first. */
  readonly milestones: readonly Milestone[];
  /** Further sizes whose root is wanted. */
  readonly sizes: readonly number[];
  /** False when events are missing or out of order: without all leaves there is no root. */
  isComplete(): boolean;
}

/** Recomputes the tree from the events and from the hashes that stand for the leaves between them. */
export function checkTree({ tree, milestones, sizes, isComplete }: TreeCheckInput, findings: Findings): TreeCheck {
  const edge = growEdge(emptyEdge);
  const rootsSeen = new Map<number, Buffer>();
  const expected = new Map([...milestones, { size: tree.size, root: Buffer.from(tree.root, 'hex') }].map(bySize));
  const wanted = new Set([...expected.keys(), ...sizes]);
  let [hasGivenUp, agreedUpTo] = [false, 0];

  function look(): void {
    if (!wanted.has(edge.size) || rootsSeen.has(edge.size)) return;
    const root = rootOf(edge);
    rootsSeen.set(edge.size, root);
    const signed = expected.get(edge.size);
    if (signed === undefined) return;
    if (signed.equals(root)) return void (agreedUpTo = edge.size);
    // Every later root differs too, and says nothing new.
    hasGivenUp = true;
    const last = edge.size - 1;
    const where = agreedUpTo >= last ? `leaf ${last}` : `one of the leaves ${agreedUpTo} to ${last}`;
    const roots = `the events give the root ${root.toString('hex')}, the checkpoint has ${signed.toString('hex')}`;
    const message = `at size ${edge.size} ${roots}: ${where}, or a hash that stands for them, is not what was sealed`;
    findings.add({ check: 'tree', message, index: agreedUpTo });
  }

  function passGap(to: number, hashes: readonly string[], position: { index: number; event_id?: string }): void {
    const nodes = perfectNodes(edge.size, to);
    if (nodes.length !== hashes.length) {
      hasGivenUp = true;
      const message = `leaves ${edge.size} to ${to - 1} are not in the file, and of the ${nodes.length} hashes that stand for them it has ${hashes.length}`;
      return findings.add({ check: 'tree', message, ...position });
    }
    nodes.forEach(([level], each) => edge.add(level, Buffer.from(hashes[each] as string, 'hex')));
  }

  function isPossible(): boolean {
    return !hasGivenUp && isComplete();
  }

  look();
  return {
    rootsSeen,
    isSound: isPossible,
    add(event, leaf) {
      if (!isPossible()) return;
      if (event.index > edge.size || event.before !== undefined) {
        passGap(event.index, event.before ?? [], { index: event.index, event_id: event.event_id });
        look();
      }
      if (!isPossible()) return;
      edge.add(0, leaf ?? Buffer.from(event.leaf_hash, 'hex'));
      look();
    },
    finish(end) {
      if (!isPossible()) return;
      passGap(tree.size, end.after, { index: edge.size });
      if (isPossible()) look();
    },
  };
}

function bySize({ size, root }: Milestone): [number, Buffer] {
  return [size, root];
}
