import { exportFormat, exportFormatVersion, type ExportHeader } from '../../evidence/export-format';
import { consistencyProof, type ReadNode } from '../../evidence/merkle/proofs';
import { encodeVerifier } from '../../evidence/note';
import type { ExportSelection } from '../../contracts/exports';
import type { PrismaClient } from '../../prisma/client';
import { readCheckpoints, type ChosenLeaves } from '../../prisma/reads/sealed-events';
import { readTree } from '../../prisma/reads/tree';

const checkpointsMax = 32;

export interface HeaderInput {
  readonly exportId: string;
  readonly selection: ExportSelection;
  readonly chosen: ChosenLeaves;
  readonly tree: { readonly size: number; readonly root: string };
  /** Further sizes from which the tree is to be linked. */
  readonly sizes: readonly number[];
  readonly unsealed: ExportHeader['unsealed'];
}

/** What the file says before its events: keys, checkpoints, and proofs that each earlier tree is the beginning of this one. */
export async function readHeader(
  prisma: PrismaClient,
  tenantId: string,
  { exportId, selection, chosen, tree, sizes, unsealed }: HeaderInput,
): Promise<ExportHeader> {
  const checkpoints = await readCheckpoints(prisma, tenantId, { size: tree.size, max: checkpointsMax });
  const wanted = new Set([...checkpoints.map(({ size }) => size), ...sizes].filter((size) => size < tree.size));
  return readTree(prisma, tenantId, async (reads) => ({
    format: exportFormat,
    format_version: exportFormatVersion,
    export_id: exportId,
    tenant_id: tenantId,
    created_at: new Date().toISOString(),
    selection,
    coverage: 'from' in chosen ? { type: 'range', ...chosen } : { type: 'selected' },
    tree,
    unsealed,
    public_keys: (await reads.signingKeys()).map(({ name, publicKey, record }) => ({
      verifier: encodeVerifier({ name, publicKey }),
      record,
    })),
    checkpoints: checkpoints.map(({ note }) => note),
    consistency: await proofs([...wanted], tree.size, remembered(reads.readNode)),
  }));
}

async function proofs(
  sizes: readonly number[],
  size: number,
  readNode: ReadNode,
): Promise<ExportHeader['consistency']> {
  const made: ExportHeader['consistency'] = [];
  for (const each of sizes.toSorted((one, other) => one - other)) {
    const proof = await consistencyProof(each, size, readNode).catch(whenIncomplete);
    if (proof !== undefined) made.push({ size: each, proof: proof.map((node) => node.toString('hex')) });
  }
  return made;
}

/** A tree of which parts were removed has no proof; the file then lacks it, and whoever checks it is told. */
export function whenIncomplete(error: unknown): undefined {
  if (!(error instanceof RangeError)) throw error;
  return undefined;
}

/** Asks for each node once. */
function remembered(readNode: ReadNode): ReadNode {
  const nodes = new Map<string, Promise<Buffer>>();
  return (level, index) => {
    const key = `${level}/${index}`;
    const known = nodes.get(key) ?? readNode(level, index);
    nodes.set(key, known);
    return known;
  };
}
