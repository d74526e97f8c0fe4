import type { SealedPolicies } from '../../../contracts/policies';
import type { ContentKind } from '../../../contracts/server-contents';
import type { ReadRequest } from '../../../contracts/server-reads';
import type { Bound } from '../../define';
import { policiesOf } from '../policy/sealed-policies';
import { fitsTemplate } from '../contents/fits-template';
import { serverNotFound } from '../servers/rows';

/** Everything that a read of a server is decided by, as it is at this moment. */
export async function readAskedServer(bound: Bound, serverId: string, request: ReadRequest) {
  const { tx } = bound;
  const row = await tx
    .selectFrom('mcp_servers as s')
    .leftJoin('policy_snapshot_status as p', (join) =>
      join.onRef('p.tenant_id', '=', 's.tenant_id').on('p.status', '=', 'active'),
    )
    .select([
      ...(['s.server_id', 's.name', 's.status', 's.enabled', 's.requires_approval', 's.default_policy_id'] as const),
      ...(['s.rate_limit_requests', 's.rate_limit_window_seconds', 'p.snapshot_id'] as const),
      ...(['s.url', 's.transport', 's.auth_type', 's.credential_id'] as const),
    ])
    .where('s.server_id', '=', serverId)
    .where('s.deleted_at', 'is', null)
    .executeTakeFirst();
  if (row === undefined) throw serverNotFound();
  const policies: SealedPolicies['policies'] | undefined =
    row.snapshot_id === null ? undefined : await policiesOf(tx, row.snapshot_id);
  return { ...row, policies, isListed: await isListed(bound, serverId, request) };
}

export type AskedServer = Awaited<ReturnType<typeof readAskedServer>>;

/** What the last look at the server did not find is not asked for. */
async function isListed(bound: Bound, serverId: string, { method, params }: ReadRequest): Promise<boolean> {
  if (method === 'prompts/get') return hasContent(bound, serverId, 'prompt', params.name);
  if (method === 'resources/read') {
    return (
      (await hasContent(bound, serverId, 'resource', params.uri)) ||
      (await fitsSomeTemplate(bound, serverId, params.uri))
    );
  }
  const { ref } = params;
  return ref.type === 'ref/prompt'
    ? hasContent(bound, serverId, 'prompt', ref.name)
    : hasContent(bound, serverId, 'resource_template', ref.uri);
}

async function hasContent({ tx }: Bound, serverId: string, kind: ContentKind, name: string): Promise<boolean> {
  const row = await tx
    .selectFrom('mcp_server_contents')
    .select('kind')
    .where('server_id', '=', serverId)
    .where('kind', '=', kind)
    .where('name', '=', name)
    .executeTakeFirst();
  return row !== undefined;
}

async function fitsSomeTemplate({ tx }: Bound, serverId: string, uri: string): Promise<boolean> {
  const templates = await tx
    .selectFrom('mcp_server_contents')
    .select('name')
    .where('server_id', '=', serverId)
    .where('kind', '=', 'resource_template')
    .execute();
  return templates.some(({ name }) => fitsTemplate(name, uri));
}
