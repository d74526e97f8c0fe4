import type { TimeKey } from '../../contracts/api/common';
import type { PrismaClient, Transaction } from '../client';
import type { Credential, CredentialAccess } from '../generated/client';
import { olderThan, pageOf, type PageOf, type PageRequest } from './page';
import { readAs } from './read-as';

/** A credential and how often its secret was handed out. */
export interface UsedCredential {
  readonly credential: Credential;
  readonly accessCount: number;
  readonly lastAccessedAt: Date | null;
}

/** The tenant's credentials, newest first, without the deleted. */
export function listCredentials(
  prisma: PrismaClient,
  tenantId: string,
  { limit, after, type }: PageRequest<TimeKey> & { type: string | undefined },
): Promise<PageOf<UsedCredential, TimeKey>> {
  return readAs(prisma, tenantId, async (tx) => {
    const found = await tx.credential.findMany({
      where: {
        tenantId,
        deletedAt: null,
        ...(type !== undefined && { type }),
        ...(after !== undefined && olderThan(after, 'credentialId')),
      },
      orderBy: [{ createdAt: 'desc' }, { credentialId: 'desc' }],
      take: limit + 1,
    });
    const page = pageOf(found, limit, (row): TimeKey => [row.createdAt.toISOString(), row.credentialId]);
    return { ...page, rows: await withUse(tx, tenantId, page.rows) };
  });
}

export function findCredential(
  prisma: PrismaClient,
  tenantId: string,
  credentialId: string,
): Promise<UsedCredential | undefined> {
  return readAs(prisma, tenantId, async (tx) => {
    const found = await tx.credential.findFirst({ where: { tenantId, credentialId, deletedAt: null } });
    return found === null ? undefined : (await withUse(tx, tenantId, [found]))[0];
  });
}

/** What a new secret must be made for; also of a credential that is deleted, so that a repeated call is answered. */
export function findSecretVersion(
  prisma: PrismaClient,
  tenantId: string,
  credentialId: string,
): Promise<{ readonly type: string; readonly secretVersion: number } | undefined> {
  return readAs(prisma, tenantId, async (tx) => {
    const found = await tx.credential.findFirst({ where: { tenantId, credentialId }, select: { type: true } });
    if (found === null) return undefined;
    const { _max } = await tx.credentialSecret.aggregate({
      where: { tenantId, credentialId },
      _max: { secretVersion: true },
    });
    return { type: found.type, secretVersion: _max.secretVersion ?? 0 };
  });
}

/** The access log of a credential, newest first, also of a deleted one; undefined when there never was one. */
export function listCredentialAccess(
  prisma: PrismaClient,
  tenantId: string,
  { credentialId, limit, after }: PageRequest<string> & { credentialId: string },
): Promise<PageOf<CredentialAccess, string> | undefined> {
  return readAs(prisma, tenantId, async (tx) => {
    const known = await tx.credential.findFirst({ where: { tenantId, credentialId }, select: { type: true } });
    if (known === null) return undefined;
    const found = await tx.credentialAccess.findMany({
      where: { tenantId, credentialId, ...(after !== undefined && { id: { lt: BigInt(after) } }) },
      orderBy: { id: 'desc' },
      take: limit + 1,
    });
    return pageOf(found, limit, ({ id }) => String(id));
  });
}

async function withUse(tx: Transaction, tenantId: string, rows: readonly Credential[]): Promise<UsedCredential[]> {
  const used = await tx.credentialAccess.groupBy({
    by: ['credentialId'],
    where: {
      tenantId,
      credentialId: { in: rows.map(({ credentialId }) => credentialId) },
      action: 'get',
      success: true,
    },
    _count: true,
    _max: { accessedAt: true },
  });
  const byId = new Map(used.map((each) => [each.credentialId, each]));
  return rows.map((credential) => {
    const use = byId.get(credential.credentialId);
    return { credential, accessCount: use?._count ?? 0, lastAccessedAt: use?._max.accessedAt ?? null };
  });
}
