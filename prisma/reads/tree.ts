import type { ReadNode } from '../../evidence/merkle/proofs';
import { createNodeReader } from '../../evidence/merkle/stored-nodes';
import type { PrismaClient, Transaction } from '../client';
import type { Prisma } from '../generated/client';
import { readAs } from './read-as';

export interface TreeHead {
  readonly installationId: string;
  readonly epoch: number;
  /** Number of leaves; the leaf of `tenant_sequence` n has index n. */
  readonly size: number;
  /** Why no more leaves are appended, when the tree was found changed. */
  readonly haltedReason: string | null;
}

const leafColumns = {
  tenantSequence: true,
  eventId: true,
  integrityHash: true,
  previousHash: true,
  leafHash: true,
  epoch: true,
  batchId: true,
  ordinal: true,
  recordedAt: true,
  sealedAt: true,
} satisfies Prisma.AuditLeafSelect;

export type LeafRow = Prisma.AuditLeafGetPayload<{ select: typeof leafColumns }>;
export type CheckpointRow = Prisma.AuditCheckpointGetPayload<object>;
export type SigningKeyRow = Prisma.AuditSigningKeyGetPayload<object>;

/** What one tenant's tree holds, in one transaction. */
export interface TreeReads {
  /** Of the moment; a tenant without sealed events has an empty tree. */
  head(): Promise<TreeHead>;
  latestCheckpoint(): Promise<CheckpointRow | null>;
  /** The first checkpoint, of any epoch, whose tree holds at least `size` leaves. */
  checkpointCovering(size: number): Promise<CheckpointRow | null>;
  /** From index `from` up to, and without, `to`. */
  leaves(range: { readonly from: number; readonly to: number }): Promise<readonly LeafRow[]>;
  leafOfEvent(eventId: string): Promise<LeafRow | null>;
  /** Every key that ever signed, oldest first. */
  signingKeys(): Promise<readonly SigningKeyRow[]>;
  /** Complete nodes, from tiles and leaves. Rejects with RangeError for a node that is not complete yet. */
  readonly readNode: ReadNode;
}

/** Reads the tenant's tree, behind row-level security. */
export function readTree<T>(prisma: PrismaClient, tenantId: string, read: (tree: TreeReads) => Promise<T>): Promise<T> {
  return readAs(prisma, tenantId, (tx) => read(treeReads(tx, tenantId)));
}

function treeReads(tx: Transaction, tenantId: string): TreeReads {
  return {
    async head() {
      const sealing = await tx.auditSealing.findUniqueOrThrow({ where: { id: 1 } });
      const head = await tx.auditTreeHead.findUnique({
        where: { tenantId },
        select: { epoch: true, treeSize: true, haltedReason: true },
      });
      return {
        installationId: sealing.installationId,
        epoch: head?.epoch ?? sealing.epoch,
        size: Number(head?.treeSize ?? 0),
        haltedReason: head?.haltedReason ?? null,
      };
    },
    latestCheckpoint: () =>
      tx.auditCheckpoint.findFirst({ where: { tenantId }, orderBy: [{ epoch: 'desc' }, { treeSize: 'desc' }] }),
    checkpointCovering: (size) =>
      tx.auditCheckpoint.findFirst({
        where: { tenantId, treeSize: { gte: size } },
        orderBy: [{ epoch: 'asc' }, { treeSize: 'asc' }],
      }),
    leaves: ({ from, to }) =>
      tx.auditLeaf.findMany({
        where: { tenantId, tenantSequence: { gte: from, lt: to } },
        select: leafColumns,
        orderBy: { tenantSequence: 'asc' },
      }),
    leafOfEvent: (eventId) => tx.auditLeaf.findFirst({ where: { tenantId, eventId }, select: leafColumns }),
    signingKeys: () => tx.auditSigningKey.findMany({ orderBy: { seq: 'asc' } }),
    readNode: createNodeReader({
      async tile(level, tileIndex) {
        const where = { tenantId_level_tileIndex: { tenantId, level, tileIndex } };
        return (await tx.auditTile.findUnique({ where, select: { hashes: true } }))?.hashes;
      },
      async tileRoots(level, first, count) {
        const rows = await tx.auditTile.findMany({
          where: { tenantId, level, tileIndex: { gte: first, lt: first + count } },
          select: { rootHash: true },
          orderBy: { tileIndex: 'asc' },
        });
        return rows.map(({ rootHash }) => rootHash);
      },
      async leafHashes(first, count) {
        const rows = await tx.auditLeaf.findMany({
          where: { tenantId, tenantSequence: { gte: first, lt: first + count } },
          select: { leafHash: true },
          orderBy: { tenantSequence: 'asc' },
        });
        return rows.map(({ leafHash }) => leafHash);
      },
    }),
  };
}
