import { sql } from 'kysely';
import { refusal } from '../../../contracts/errors';
import { ServerDefinition } from '../../../contracts/tool-schemas';
import { defineOperation, type Bound } from '../../define';
import { newId } from '../../ids';
import { beginDiscovery } from './discoveries';
import { requireCredential } from './require-credential';

/** Records a server in `pending` and has it discovered: it is sent no call before its tools are pinned. */
export const registerServer = defineOperation({
  name: 'tools.servers.register',
  permission: 'manage:integrations',
  params: ServerDefinition,
  fence: 'fenced',
  capability: 'tools.registry',
  begins: 'work',

  async loadFacts({ tx }, { name, url }) {
    const rivals = await tx
      .selectFrom('mcp_servers')
      .select(['name', 'url'])
      .where('deleted_at', 'is', null)
      .where(({ eb, or }) => or([eb('name', '=', name), eb('url', '=', url)]))
      .execute();
    return { hasName: rivals.some((rival) => rival.name === name), hasUrl: rivals.some((rival) => rival.url === url) };
  },

  async handle(work, { params, facts }) {
    if (facts.hasName) throw refusal('name_taken', 'a server of this name exists; choose another name');
    if (facts.hasUrl) throw refusal('CONFLICT', 'a server of this URL is registered already');
    if (params.credential_id !== undefined) await requireCredential(work, params.auth_type, params.credential_id);
    const serverId = newId('mcp_');
    await insertServer(work, serverId, params);
    const discoveryId = await beginDiscovery(work, { server_id: serverId, name: params.name });
    const auditEventId = work.audit({
      type: 'server_registered',
      outcome: 'success',
      resource: { type: 'mcp_server', id: serverId },
      evidence: {
        server_id: serverId,
        name: params.name,
        url: params.url,
        transport: params.transport,
        auth_type: params.auth_type,
        credential_id: params.credential_id ?? null,
        requires_approval: params.requires_approval,
      },
    });
    return { serverId, discoveryId, auditEventId };
  },
});

async function insertServer({ tx, context }: Bound, serverId: string, params: ServerDefinition): Promise<void> {
  await tx
    .insertInto('mcp_servers')
    .values({
      server_id: serverId,
      tenant_id: context.tenantId,
      name: params.name,
      description: params.description ?? null,
      url: params.url,
      transport: params.transport,
      auth_type: params.auth_type,
      credential_id: params.credential_id ?? null,
      requires_approval: params.requires_approval,
      tags: sql`${JSON.stringify(params.tags)}::jsonb`,
      metadata: sql`${JSON.stringify(params.metadata)}::jsonb`,
      registered_by: context.actor.id,
    })
    .execute();
}
