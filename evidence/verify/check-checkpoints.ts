import type { ExportHeader } from '../export-format';
import { NoteError, openNote, parseCheckpoint, splitNote, type Checkpoint, type Verifier } from '../note';
import { beginsWith } from './begins-with';
import type { Findings } from './finding';

/** Checks signatures, origins and order of the checkpoints in the file. Returns those whose signature holds. */
export function checkCheckpoints(
  header: ExportHeader,
  keys: readonly Verifier[],
  findings: Findings,
): readonly Checkpoint[] {
  const signed: Checkpoint[] = [];
  header.checkpoints.forEach((note, position) => {
    const checkpoint = openCheckpoint(note, keys, `checkpoint ${position + 1} of the file`, findings);
    if (checkpoint === undefined) return;
    const problem = misplaced(checkpoint, header.tenant_id, signed.at(-1));
    if (problem !== undefined) return findings.add(about(checkpoint, problem));
    signed.push(checkpoint);
  });
  checkTree(header, signed.at(-1), findings);
  return signed;
}

/** Opens a checkpoint with one of the keys; says what is wrong under the name given. */
export function openCheckpoint(
  note: string,
  keys: readonly Verifier[],
  name: string,
  findings: Findings,
): Checkpoint | undefined {
  try {
    const { text, verified } = openNote(note, keys);
    const checkpoint = parseCheckpoint(text);
    const signer = verified.find((each) => checkpoint.origin.startsWith(`${each.name}/`));
    if (signer !== undefined) return checkpoint;
    findings.add(about(checkpoint, `its origin ${checkpoint.origin} is not of the installation that has signed`));
  } catch (error) {
    const check = error instanceof NoteError && error.kind !== 'malformed' ? checkOf[error.kind] : 'checkpoint';
    findings.add({ check, message: `${name}${sizeOf(note)}: ${(error as Error).message}` });
  }
  return undefined;
}

const checkOf = { unknown_key: 'unknown_key', bad_signature: 'signature' } as const;

function sizeOf(note: string): string {
  try {
    return ` (size ${parseCheckpoint(splitNote(note).text).size})`;
  } catch {
    return '';
  }
}

function misplaced(
  { origin, size, root }: Checkpoint,
  tenantId: string,
  before: Checkpoint | undefined,
): string | undefined {
  const parts = origin.split('/');
  if (parts.length !== 4 || parts[2] !== tenantId) return `it is of the tree ${origin}, not of tenant ${tenantId}`;
  if (before === undefined) return undefined;
  if (size < before.size) return `it counts fewer leaves than the checkpoint before it (${before.size})`;
  if (size === before.size && !root.equals(before.root)) {
    return 'one of the same size with another root was signed too: history was rewritten between the two';
  }
  if (epochOf(origin) < epochOf(before.origin)) return `its epoch is older than that of the checkpoint before it`;
  return undefined;
}

function epochOf(origin: string): number {
  return Number(origin.split('/').at(-1));
}

/**
 * Checks by their proofs that the tree begins with each earlier checkpoint; where it was recomputed from the events, none is needed.
 * The first that fails is told: where history was rewritten, all later ones fail too.
 */
export function checkConsistency(
  signed: readonly Checkpoint[],
  header: ExportHeader,
  rootsSeen: ReadonlyMap<number, Buffer>,
  findings: Findings,
): void {
  for (const checkpoint of signed) {
    const { size } = checkpoint;
    if (size === header.tree.size) continue;
    const isBeginning = beginsWith(header, checkpoint);
    if (isBeginning === undefined) {
      if (rootsSeen.has(size)) continue;
      return findings.add(about(checkpoint, 'the file has no proof that its tree begins with this one'));
    }
    if (isBeginning) continue;
    const message = `the tree of ${header.tree.size} leaves does not begin with that of the checkpoint of size ${size}: history was rewritten, or the proof is not of this tree`;
    return findings.add({ check: 'consistency', message });
  }
}

function checkTree({ tree, ...header }: ExportHeader, last: Checkpoint | undefined, findings: Findings): void {
  if (last === undefined) {
    if (header.checkpoints.length === 0) {
      findings.add({ check: 'checkpoint', message: 'the file has no checkpoint: nothing vouches for its tree' });
    }
  } else if (last.size !== tree.size) {
    findings.add(
      about(last, `the newest checkpoint does not cover the tree of the file, which has ${tree.size} leaves`),
    );
  } else if (last.root.toString('hex') !== tree.root) {
    findings.add(about(last, `its root is ${last.root.toString('hex')}, that of the file ${tree.root}`));
  }
}

function about({ size }: Checkpoint, message: string) {
  return { check: 'checkpoint', message: `checkpoint of size ${size}: ${message}` } as const;
}
