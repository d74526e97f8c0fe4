import { sql } from 'kysely';
import { z } from 'zod';
import { Discovery, DiscoveryId, ServerId } from '../../../contracts/tool-schemas';
import { isWatched, toolLimits, type ServerStatus, type ToolDefinition } from '../../../contracts/tools';
import { defineOperation, type Bound } from '../../define';
import { newId } from '../../ids';
import { definitionHash } from '../definitions/definition-hash';
import { recordContents } from '../contents/record-contents';
import { inspectContents, inspectDefinitions, type DefinitionFinding } from '../definitions/inspect';
import { initialRisk } from '../policy/tool-risk';
import { endDiscovery, type Finding } from './discoveries';
import { knownTools, lockServer, type KnownTool, type ServerRow } from './rows';

const findingsMax = 500;

/**
 * Records what a look at a server found. Tools seen for the first time are pinned to whom asked for the look; those that
 * are described otherwise than pinned are suspended, and those that are not listed any more are gone.
 */
export const recordDiscovery = defineOperation({
  name: 'tools.servers.record_discovery',
  permission: 'manage:integrations',
  params: z.strictObject({
    serverId: ServerId,
    discovery: Discovery,
    /** Whose answer this is; absent when the engine looked by itself. */
    discoveryId: DiscoveryId.optional(),
  }),
  fence: 'fenced',
  capability: 'tools.registry',
  scopes: ({ params: { serverId } }) => [{ type: 'server', id: serverId }],

  async loadFacts(work, { serverId }) {
    return { server: await lockServer(work, serverId), known: await knownTools(work, serverId) };
  },

  async handle(work, { params: { serverId, discovery, discoveryId }, facts: { server, known } }) {
    const seen = discovery.tools as readonly ToolDefinition[];
    const findings = [
      ...inspectDefinitions(seen, await neighboursOf(work, serverId)),
      ...inspectContents(discovery.contents),
    ];
    const byName = new Map(known.map((tool) => [tool.name, tool]));
    const unknown = seen.filter(({ name }) => !byName.has(name));
    const added = unknown.slice(0, Math.max(0, toolLimits.toolsEver - known.length));
    const changed = await holdToPinned(work, seen, byName);
    const gone = await markGone(work, seen, known);
    await pinNew(work, server, added);
    await recordContents(work, serverId, discovery.contents);
    const report = reportOf(discovery, [...notTaken(unknown.length - added.length), ...findings]);
    const status = await updateServer(work, server, discovery, report);
    const addedNames = added.map(({ name }) => name).sort();
    if (discoveryId !== undefined) {
      const result = { tools: seen.length, added: addedNames, changed, gone, findings: report };
      await endDiscovery(work, discoveryId, { state: 'completed', result });
    }
    const auditEventId = work.audit({
      type: 'server_discovered',
      outcome: 'success',
      resource: { type: 'mcp_server', id: serverId },
      evidence: {
        server_id: serverId,
        protocol_version: discovery.protocol_version,
        tools: seen.length,
        added: addedNames,
        changed,
        gone,
        findings: findings.length,
        rejected: discovery.rejected.length,
      },
    });
    return { serverId, auditEventId, status, added: added.length, changed: changed.length, gone: gone.length };
  },
});

async function neighboursOf({ tx }: Bound, serverId: string) {
  return tx
    .selectFrom('mcp_tools')
    .innerJoin('mcp_servers', 'mcp_servers.server_id', 'mcp_tools.server_id')
    .select(['mcp_servers.name as server', 'mcp_tools.name as tool'])
    .where('mcp_tools.server_id', '!=', serverId)
    .where('mcp_servers.deleted_at', 'is', null)
    .where('mcp_tools.definition_state', '!=', 'gone')
    .orderBy('mcp_servers.name')
    .orderBy('mcp_tools.name')
    .execute();
}

/** Suspends what differs from what was pinned, and takes back a suspension when the old definition is there again. */
async function holdToPinned(
  { tx }: Bound,
  seen: readonly ToolDefinition[],
  byName: ReadonlyMap<string, KnownTool>,
): Promise<string[]> {
  const changed: string[] = [];
  for (const definition of seen) {
    const tool = byName.get(definition.name);
    if (tool === undefined) continue;
    const seenHash = definitionHash(definition);
    const isPinned = seenHash === tool.definition_hash;
    if (!isPinned) changed.push(tool.name);
    if (isPinned && tool.definition_state === 'pinned') continue;
    await tx
      .updateTable('mcp_tools')
      .set({
        definition_state: isPinned ? 'pinned' : 'changed',
        seen_definition: isPinned ? null : sql`${JSON.stringify(definition)}::jsonb`,
        seen_hash: isPinned ? null : seenHash,
        // That repeating it does no harm was said of another definition.
        ...(isPinned ? {} : { retry_safe: false }),
        updated_at: new Date(),
      })
      .where('tool_id', '=', tool.tool_id)
      .execute();
  }
  return changed.sort();
}

async function markGone(
  { tx }: Bound,
  seen: readonly ToolDefinition[],
  known: readonly KnownTool[],
): Promise<string[]> {
  const listed = new Set(seen.map(({ name }) => name));
  const gone = known.filter(({ name, definition_state: state }) => !listed.has(name) && state !== 'gone');
  if (gone.length === 0) return [];
  await tx
    .updateTable('mcp_tools')
    .set({ definition_state: 'gone', seen_definition: null, seen_hash: null, updated_at: new Date() })
    .where(
      'tool_id',
      'in',
      gone.map(({ tool_id: id }) => id),
    )
    .execute();
  return gone.map(({ name }) => name).sort();
}

async function pinNew({ tx, context }: Bound, server: ServerRow, added: readonly ToolDefinition[]): Promise<void> {
  if (added.length === 0) return;
  await tx
    .insertInto('mcp_tools')
    .values(
      added.map((definition) => ({
        tool_id: newId('tool_'),
        tenant_id: context.tenantId,
        server_id: server.server_id,
        name: definition.name,
        title: definition.title ?? null,
        description: definition.description ?? null,
        input_schema: sql`${JSON.stringify(definition.inputSchema)}::jsonb`,
        output_schema: jsonOrNull(definition.outputSchema),
        annotations: jsonOrNull(definition.annotations),
        definition_hash: definitionHash(definition),
        pinned_by: context.actor.id,
        risk_level: initialRisk(definition.name, definition.annotations),
      })),
    )
    .execute();
}

function notTaken(count: number): DefinitionFinding[] {
  if (count === 0) return [];
  const message = `${count} new tools were not taken: the server has had ${toolLimits.toolsEver} names already.`;
  return [{ tool: '', kind: 'not_taken', field: '', message }];
}

async function updateServer(
  { tx }: Bound,
  server: ServerRow,
  discovery: Discovery,
  report: readonly Finding[],
): Promise<ServerStatus> {
  const status = isWatched(server.status) ? 'active' : (server.status as ServerStatus);
  await tx
    .updateTable('mcp_servers')
    .set({
      status,
      health_check_failures: 0,
      health_latency_ms: discovery.latency_ms,
      last_health_check_at: new Date(),
      last_discovery_at: new Date(),
      last_error: null,
      protocol_version: discovery.protocol_version,
      capabilities: sql`${JSON.stringify(discovery.capabilities)}::jsonb`,
      server_info: sql`${JSON.stringify(discovery.server_info)}::jsonb`,
      discovery_report: sql`${JSON.stringify(report)}::jsonb`,
      tool_count: discovery.tools.length,
      resource_count: discovery.resource_count,
      prompt_count: discovery.prompt_count,
      updated_at: new Date(),
    })
    .where('server_id', '=', server.server_id)
    .execute();
  return status;
}

function reportOf({ rejected }: Discovery, findings: readonly DefinitionFinding[]): Finding[] {
  const refused = rejected.map(({ name, message }): Finding => ({ tool: name, kind: 'rejected', field: '', message }));
  return [...findings, ...refused].slice(0, findingsMax);
}

function jsonOrNull(value: unknown) {
  return value === undefined ? null : sql`${JSON.stringify(value)}::jsonb`;
}
