import { sql } from 'kysely';
import type { DiscoveryState, FindingKind } from '../../../contracts/tools';
import { serverWorkflowId } from '../../../contracts/workflow-ids';
import type { Bound, Work } from '../../define';
import { newId } from '../../ids';
import type { DefinitionFinding } from '../definitions/inspect';

/** What a discovery came to: names of tools, and what an administrator should look at. */
export interface DiscoveryResult {
  readonly tools: number;
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly gone: readonly string[];
  readonly findings: readonly Finding[];
}

export type Finding = Omit<DefinitionFinding, 'kind'> & { readonly kind: FindingKind };

/** Asks the server's workflow, which is started if it is not there, to discover in the name of whoever asks here. */
export async function beginDiscovery(work: Work, server: { server_id: string; name: string }): Promise<string> {
  const { server_id: serverId, name: serverName } = server;
  const { tenantId, actor } = work.context;
  const discoveryId = newId('disc_');
  await work.tx
    .insertInto('mcp_discoveries')
    .values({ discovery_id: discoveryId, tenant_id: tenantId, server_id: serverId, requested_by: actor.id })
    .execute();
  work.enqueue({
    topic: 'server.watch',
    workflowId: serverWorkflowId(tenantId, serverId),
    payload: { serverId, serverName, discoveryId, requester: work.context },
  });
  return discoveryId;
}

/** Has the server's workflow see at once that the server is out of use. */
export function endWatch(work: Work, serverId: string): void {
  work.enqueue({
    topic: 'server.look',
    workflowId: serverWorkflowId(work.context.tenantId, serverId),
    payload: { serverId, requester: work.context },
  });
}

type Ended =
  | { readonly state: 'completed'; readonly result: DiscoveryResult }
  | { readonly state: 'failed' | 'killed'; readonly code: string; readonly message: string };

/** Writes down what came of a discovery, once: one that has ended stays as it is. False when it had ended before. */
export async function endDiscovery({ tx }: Bound, discoveryId: string, ended: Ended): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('mcp_discoveries')
    .set({
      state: ended.state satisfies DiscoveryState,
      ended_at: new Date(),
      ...(ended.state === 'completed'
        ? { result: sql`${JSON.stringify(ended.result)}::jsonb` }
        : { error_code: ended.code, error_message: ended.message }),
    })
    .where('discovery_id', '=', discoveryId)
    .where('state', '=', 'pending')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
