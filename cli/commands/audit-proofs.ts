import type { Session } from '../session';
import { printable } from '../text';

/** `aos audit checkpoint` */
export async function showCheckpoint(session: Session, { keys }: { keys?: boolean }): Promise<void> {
  const checkpoint = await session.api.get('/audit/checkpoint');
  const lines = keys === true ? (checkpoint['public_keys'] as string[]).map((key) => `${key}\n`).join('') : undefined;
  session.show(checkpoint, () => lines ?? String(checkpoint['note']));
}

/** `aos audit prove` */
export async function proveEvent(session: Session, event: string, { size }: { size?: number }): Promise<void> {
  const proof = await session.api.get('/audit/proof/inclusion', { event_id: event, tree_size: size });
  session.show(proof, () => {
    const { leaf_index: index, leaf_hash: leaf, tree_size: of, root_hash: root } = proof;
    const said = `${printable(event)} is leaf ${printable(index)} of ${printable(of)}`;
    return `${said}\nleaf ${printable(leaf)}\nroot ${printable(root)}\n${pathOf(proof['proof'])}`;
  });
}

/** `aos audit prove-growth` */
export async function proveGrowth(session: Session, from: number, to: number | undefined): Promise<void> {
  const proof = await session.api.get('/audit/proof/consistency', { from, to });
  session.show(proof, () => {
    const { from_root: first, to: size, to_root: second } = proof;
    const said = `the tree of ${printable(size)} leaves begins with that of ${from}`;
    return `${said}\nfrom ${printable(first)}\nto   ${printable(second)}\n${pathOf(proof['proof'])}`;
  });
}

function pathOf(proof: unknown): string {
  return Array.isArray(proof) ? proof.map((node) => `  ${printable(node)}\n`).join('') : '';
}
