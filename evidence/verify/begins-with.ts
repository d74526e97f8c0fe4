import type { ExportHeader } from '../export-format';
import { verifyConsistency } from '../merkle/proofs';
import type { Checkpoint } from '../note';

/** Whether the tree of the file begins with that of the checkpoint, by the proof in the file; undefined without one. */
export function beginsWith(
  { tree, consistency }: Pick<ExportHeader, 'tree' | 'consistency'>,
  { size, root }: Pick<Checkpoint, 'size' | 'root'>,
): boolean | undefined {
  const found = consistency.find((each) => each.size === size);
  if (found === undefined) return undefined;
  const proof = found.proof.map((each) => Buffer.from(each, 'hex'));
  const second = { second: tree.size, secondRoot: Buffer.from(tree.root, 'hex') };
  return verifyConsistency({ first: size, firstRoot: root, ...second, proof });
}
