import { z } from 'zod';
import { isPermitted, type Permission } from '../../contracts/roles';
import { contentKinds, type ContentKind } from '../../contracts/server-contents';
import type { ReadMethod } from '../../contracts/server-reads';
import { listContents, type ContentRow } from '../../prisma/reads/server-contents';
import { decodeCursor, encodeCursor, type CursorScope } from '../cursor';
import { addressOf, promptNameOf } from './addresses';
import { requireServer } from './require-server';
import type { GatewayServices, Listing } from './session';

/** By the methods of MCP: what they list, under which name the list comes, and by what its items are asked for. */
const contentLists = {
  'resources/list': { kind: 'resource', items: 'resources', by: 'uri', read: 'resources/read' },
  'resources/templates/list': {
    ...{ kind: 'resource_template', items: 'resourceTemplates', by: 'uriTemplate', read: 'resources/read' },
  },
  'prompts/list': { kind: 'prompt', items: 'prompts', by: 'name', read: 'prompts/get' },
} as const satisfies Record<string, ContentList>;

interface ContentList {
  readonly kind: ContentKind;
  readonly items: string;
  readonly by: string;
  readonly read: ReadMethod;
}

export type ListMethod = keyof typeof contentLists;
export const listMethods = Object.keys(contentLists) as ListMethod[];

const pageSize = 200;

/** What servers offer beside tools and the caller may read, as the last look at each found it. */
export async function listForAgent(
  services: Pick<GatewayServices, 'prisma'>,
  listing: Listing,
  { method, cursor }: { readonly method: ListMethod; readonly cursor: string | undefined },
): Promise<Record<string, unknown>> {
  const { tenantId, roles, server } = listing;
  const { kind, items, by, read }: ContentList = contentLists[method];
  const scope: CursorScope = [`mcp.${contentKinds.indexOf(kind)}`, tenantId, server ?? null];
  const after = cursor === undefined ? undefined : decodeCursor(cursor, scope, z.string());
  const { rows, next } = await listContents(services.prisma, tenantId, { kind, server, limit: pageSize, after });
  if (rows.length === 0) await requireServer(services, listing);
  const permitted = rows.filter(({ serverName }) => isPermitted(roles, permissionToRead(serverName, read)));
  return {
    [items]: permitted.map((row) => ({ ...(row.definition as object), [by]: nameOf(row, kind, server) })),
    ...(next !== null && { nextCursor: encodeCursor(scope, next) }),
  };
}

export function permissionToRead(serverName: string, read: ReadMethod): Permission {
  return `execute:mcp:${serverName}:${read}`;
}

function nameOf({ serverName, name }: ContentRow, kind: ContentKind, at: string | undefined): string {
  if (at !== undefined) return name;
  return kind === 'prompt' ? promptNameOf(serverName, name) : addressOf(serverName, name);
}
