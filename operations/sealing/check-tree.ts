import { sql } from 'kysely';
import { rootOf, type TreeEdge } from '../../evidence/merkle/edge';
import { openNote, parseCheckpoint, type Verifier } from '../../evidence/note';
import type { Database } from '../transaction/database';
import { TreeMismatch } from './tree-mismatch';
import { sameRoot, storedEdge } from './tree-of';

interface CheckpointRow {
  readonly size: number;
  readonly root: Buffer;
  readonly note: string;
}

/**
 * Holds the head of a tree against its last signed checkpoint, and against the tiles and leaves that it stands for. Reads
 * some hundred hashes at most. Throws TreeMismatch.
 */
export async function checkTree(tx: Database, tenantId: string, head: TreeEdge): Promise<void> {
  const { rows } = await sql<CheckpointRow>`select tree_size::float8 as size, root_hash as root, note
    from audit_checkpoints where tenant_id = ${tenantId} order by epoch desc, tree_size desc limit 1`.execute(tx);
  const [last] = rows;
  if (last === undefined) {
    if (head.size > 0) throw new TreeMismatch(tenantId, 'the head has leaves and no checkpoint');
    return;
  }
  const signed = await openCheckpoint(tx, tenantId, last.note);
  if (signed.size !== last.size || !signed.root.equals(last.root)) {
    throw new TreeMismatch(tenantId, 'the last checkpoint is not what was signed');
  }
  if (head.size !== signed.size || !rootOf(head).equals(signed.root)) {
    throw new TreeMismatch(tenantId, 'the head is not that of the last checkpoint');
  }
  const stored = await storedEdge(tx, tenantId, head.size).catch((error: unknown) => {
    if (error instanceof RangeError) throw new TreeMismatch(tenantId, 'leaves or tiles are missing');
    throw error;
  });
  if (!sameRoot(stored, head)) throw new TreeMismatch(tenantId, 'leaves or tiles are not those of the last checkpoint');
}

async function openCheckpoint(tx: Database, tenantId: string, note: string) {
  const { rows } = await sql<Verifier>`select name, public_key as "publicKey" from audit_signing_keys`.execute(tx);
  try {
    return parseCheckpoint(openNote(note, rows).text);
  } catch {
    throw new TreeMismatch(tenantId, 'the last checkpoint is not signed by a key of this installation');
  }
}
