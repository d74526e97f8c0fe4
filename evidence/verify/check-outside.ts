import type { ExportHeader } from '../export-format';
import type { Checkpoint } from '../note';
import { beginsWith } from './begins-with';
import type { Findings } from './finding';

/** Compares a checkpoint that was kept outside with the tree of the file. `rootsSeen` holds roots recomputed on the way. */
export function checkOutside(
  checkpoint: Checkpoint,
  header: ExportHeader,
  rootsSeen: ReadonlyMap<number, Buffer>,
  findings: Findings,
): void {
  const { size, root, origin } = checkpoint;
  const { tree } = header;
  const problem = (message: string) =>
    findings.add({ check: 'outside_checkpoint', message: `your checkpoint of size ${size}: ${message}` });
  if (origin.split('/')[2] !== header.tenant_id) return problem(`it is of another tree, ${origin}`);
  if (size > tree.size) {
    return problem(
      `the tree of the file has only ${tree.size} leaves: the file is older than your checkpoint, or the newest events were cut off`,
    );
  }
  const own = size === tree.size ? Buffer.from(tree.root, 'hex') : rootsSeen.get(size);
  if (own !== undefined) {
    if (own.equals(root)) return;
    return problem(`its root is ${root.toString('hex')}, that of the same leaves in the file ${own.toString('hex')}`);
  }
  const isBeginning = beginsWith(header, checkpoint);
  if (isBeginning === undefined) {
    return problem('the file does not hold what links it to this size: export anew with --checkpoint');
  }
  if (!isBeginning) problem('the tree of the file does not begin with it: history was rewritten since you kept it');
}
