import {
  CheckpointView,
  ConsistencyQuery,
  ConsistencyView,
  InclusionQuery,
  InclusionView,
} from '../../contracts/api/proofs';
import { EngineError, refusal } from '../../contracts/errors';
import { consistencyProof, inclusionProof } from '../../evidence/merkle/proofs';
import { subtreeRoot } from '../../evidence/merkle/subtrees';
import { encodeVerifier } from '../../evidence/note';
import { findAuditEventId } from '../../prisma/reads/audit';
import { readTree, type LeafRow, type TreeReads } from '../../prisma/reads/tree';
import { route, type Route } from '../route';
import type { ApiServices } from '../services';

const tag = 'Proof';
const common = { method: 'get', tag, permission: 'read:audit', successStatus: 200 } as const;

export function proofRoutes({ prisma }: ApiServices): Route[] {
  return [
    route(
      {
        ...common,
        path: '/audit/checkpoint',
        operationId: 'audit.checkpoint',
        summary: 'The newest signed checkpoint of the evidence, with the keys that sign',
        data: CheckpointView,
        errors: ['resource_not_found'],
      },
      ({ context }) =>
        readTree(prisma, context.tenantId, async (tree) => {
          const checkpoint = await tree.latestCheckpoint();
          if (checkpoint === null) throw refusal('NOT_FOUND', 'nothing of this tenant is sealed yet');
          return {
            note: checkpoint.note,
            origin: checkpoint.note.split('\n', 1)[0] ?? '',
            epoch: checkpoint.epoch,
            tree_size: Number(checkpoint.treeSize),
            root_hash: toHex(checkpoint.rootHash),
            key_id: checkpoint.keyId,
            public_keys: (await tree.signingKeys()).map(encodeVerifier),
            created_at: checkpoint.createdAt.toISOString(),
          };
        }),
    ),
    route(
      {
        ...common,
        path: '/audit/proof/inclusion',
        operationId: 'audit.proof.inclusion',
        summary: 'Shows that an event lies in the tree of a checkpoint',
        query: InclusionQuery,
        data: InclusionView,
        errors: ['resource_not_found', 'temporary_failure', 'invalid_state'],
      },
      async ({ context: { tenantId }, query }) => {
        const proved = await readWholeTree(prisma, tenantId, async (tree) => {
          const size = await sizeOf(tree, query.tree_size, 'tree_size');
          const leaf = await findLeaf(tree, query.event_id, size);
          if (leaf === null) return undefined;
          const index = Number(leaf.tenantSequence);
          if (index >= size) {
            throw outOfRange('tree_size', `the event is leaf ${index}: a tree of ${size} leaves does not hold it`);
          }
          return {
            event_id: leaf.eventId,
            leaf_index: index,
            leaf_hash: toHex(leaf.leafHash),
            integrity_hash: leaf.integrityHash,
            tree_size: size,
            root_hash: toHex(await subtreeRoot(0, size, tree.readNode)),
            proof: (await inclusionProof(index, size, tree.readNode)).map(toHex),
            checkpoint: await noteOf(tree, size),
          };
        });
        if (proved !== undefined) return proved;
        if (query.event_id === undefined || !(await findAuditEventId(prisma, tenantId, query.event_id))) {
          throw refusal('NOT_FOUND', 'there is no such event');
        }
        throw new EngineError('temporary_failure', 'the event is not sealed yet; ask again', { retryAfterSeconds: 1 });
      },
    ),
    route(
      {
        ...common,
        path: '/audit/proof/consistency',
        operationId: 'audit.proof.consistency',
        summary: 'Shows that the tree of a checkpoint begins with that of an earlier one',
        query: ConsistencyQuery,
        data: ConsistencyView,
        errors: ['invalid_state'],
      },
      ({ context, query: { from, to } }) =>
        readWholeTree(prisma, context.tenantId, async (tree) => {
          const size = await sizeOf(tree, to, 'to');
          if (from > size) throw outOfRange('from', `a tree of ${size} leaves does not begin with one of ${from}`);
          return {
            from,
            to: size,
            from_root: toHex(await subtreeRoot(0, from, tree.readNode)),
            to_root: toHex(await subtreeRoot(0, size, tree.readNode)),
            proof: (await consistencyProof(from, size, tree.readNode)).map(toHex),
            checkpoint: await noteOf(tree, size),
          };
        }),
    ),
  ];
}

/** As `readTree`, for proofs: a tree of which parts were removed gives none, and whoever asks is told so. */
const readWholeTree: typeof readTree = (...reading) =>
  readTree(...reading).catch((error: unknown) => {
    if (!(error instanceof RangeError)) throw error;
    throw refusal('INVALID_STATE', 'parts of the stored tree are missing, so it proves nothing; export it and verify');
  });

/** The leaf of the event, else the newest within the size. */
async function findLeaf(tree: TreeReads, eventId: string | undefined, size: number): Promise<LeafRow | null> {
  if (eventId !== undefined) return tree.leafOfEvent(eventId);
  return size === 0 ? null : ((await tree.leaves({ from: size - 1, to: size }))[0] ?? null);
}

/** The size asked for, else that of the newest checkpoint. */
async function sizeOf(tree: TreeReads, asked: number | undefined, field: string): Promise<number> {
  if (asked === undefined) return Number((await tree.latestCheckpoint())?.treeSize ?? 0);
  const { size } = await tree.head();
  if (asked > size) throw outOfRange(field, `the tree has ${size} leaves`);
  return asked;
}

async function noteOf(tree: TreeReads, size: number): Promise<string | null> {
  const found = await tree.checkpointCovering(size);
  return found !== null && Number(found.treeSize) === size ? found.note : null;
}

function outOfRange(field: string, message: string): EngineError {
  return refusal('validation_error', message, { details: { field } });
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
