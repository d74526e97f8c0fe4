import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadTools } from '../fixtures/tools';
import type { LoadClient } from './client';
import { withDuplicates } from './duplicates';
import type { LoadTenant, World } from './world';

const serversPath = '/integrations/mcp-servers';
const lookMs = 200;

/** A server of tools that a tenant's agents call, and who says yes to what waits. */
export interface LoadTools {
  readonly serverId: string;
  /** Ids by the names of the tools. */
  readonly tools: Readonly<Record<string, string>>;
  readonly caller: LoadClient;
  /** An administrator who stands behind no key that calls. */
  readonly decider: LoadClient;
}

export interface ToolsOptions {
  readonly url: string;
  /** A client of the tenant with another key. */
  withKey(name: string, apiKey: string): LoadClient;
}

/** Registers the server, marks what may be sent again and lets policies speak of its tools. */
export async function setUpTools(admin: LoadClient, { url, withKey }: ToolsOptions): Promise<LoadTools> {
  const write = async (method: 'POST' | 'PUT', path: string, body: unknown) => {
    const answer = await admin.persist({ method, path, body });
    if (answer === undefined || answer.status > 299) throw new Error(`${path}: ${JSON.stringify(answer)}`);
    return answer.data;
  };
  const keyOf = async (role: 'developer' | 'admin') =>
    withKey(role, (await write('POST', '/api-keys', { name: `tools ${role}`, role })).key as string);

  const { server_id: serverId } = await write('POST', serversPath, { name: 'entries', url, requires_approval: false });
  const tools = await toolsOf(admin, serverId);
  for (const { name, mayRepeat } of loadTools) {
    if (mayRepeat) await write('PUT', `${serversPath}/${serverId}/tools/${tools[name]}`, { retry_safe: true });
  }
  const waiting = loadTools.filter(({ waitsForPeople }) => waitsForPeople).map(({ name }) => name);
  const policy = await write('POST', '/policies', {
    name: 'entries',
    enforcement_mode: 'BLOCK',
    conditions: {
      tool_rules: [
        { effect: 'allow', servers: ['entries'] },
        { effect: 'require_approval', servers: ['entries'], tools: waiting },
      ],
    },
  });
  await write('POST', `/policies/${policy.policy_id}/lifecycle`, { target: 'ACTIVE', reason: 'chaos' });
  return { serverId, tools, caller: await keyOf('developer'), decider: await keyOf('admin') };
}

async function toolsOf(admin: LoadClient, serverId: string): Promise<Record<string, string>> {
  for (;;) {
    const listed = await admin.persist({ method: 'GET', path: `${serversPath}/${serverId}/tools` });
    if (listed === undefined) throw new Error('the tools were never discovered');
    const found = listed.data.items as { name: string; tool_id: string }[];
    if (found.length === loadTools.length) return Object.fromEntries(found.map(({ name, tool_id }) => [name, tool_id]));
    await sleep(lookMs);
  }
}

/** Calls tools, each call under a key and with arguments of its own; what waits is approved, denied, taken back, or left. */
export async function callTools(world: World, { tools }: LoadTenant, name: string): Promise<void> {
  const draw = world.draw.stream(`tools/${name}`);
  const { caller, decider, serverId } = tools;
  while (!world.closing.aborted) {
    await sleep(draw.between(50, 500), undefined, { signal: world.closing }).catch(() => {});
    const key = randomUUID();
    const path = `${serversPath}/${serverId}/tools/${tools.tools[draw.pick(loadTools).name]}/invoke`;
    const call = { ...{ method: 'POST' as const, path, key }, body: { input: { entry: key } }, isAnswerStored: false };
    const made = await withDuplicates(caller, call, draw);
    if (made?.data?.status !== 'pending') {
      world.count(`calls of tools ${outcomeOf(made?.data)}`);
      continue;
    }
    const said = draw.pick(['approve', 'approve', 'approve', 'deny', 'withdraw', 'leave'] as const);
    const { approval_id: approvalId, invocation_id: invocationId } = made.data as Record<string, string>;
    if (said === 'withdraw') {
      const withdrawal = `${serversPath}/${serverId}/invocations/${invocationId}/withdraw`;
      await withDuplicates(caller, { method: 'POST', path: withdrawal, body: {} }, draw);
    } else if (said !== 'leave') {
      const body = { decision: said, reason: 'chaos' };
      await withDuplicates(decider, { method: 'POST', path: `/approvals/${approvalId}/decide`, body }, draw);
    }
    const then = await caller.persist(call);
    world.count(`calls of tools that waited ${outcomeOf(then?.data)}`);
  }
}

const outcomeOf = (data: { readonly status?: string } | undefined) => data?.status ?? 'refused or lost';

/** Decides whatever still waits, so that every call comes to its end. */
export async function decideLeftovers({ tenants }: World): Promise<void> {
  for (const { tools } of tenants) {
    const listed = await tools.decider.persist({ method: 'GET', path: '/approvals?status=pending&limit=100' });
    for (const { approval_id: approvalId } of (listed?.data?.items ?? []) as { approval_id: string }[]) {
      const body = { decision: 'approve', reason: 'chaos is over' };
      await tools.decider.persist({ method: 'POST', path: `/approvals/${approvalId}/decide`, body });
    }
  }
}
