import { audit, checks } from '../../chaos/auditor/audit';
import type { Material, Violation } from '../../chaos/auditor/check';
import type { HistoryFile } from '../../chaos/auditor/histories';
import { toJson } from '../replay/history-file';
import { hashOf } from '../../chaos/load/ledger-answer';
import { anActivePlane } from '../support/active-plane';
import { anActivePolicy } from '../support/active-policy';
import { ApiClient } from '../support/api-client';
import { recordLoad, type RecordedLoad } from '../support/recorded-load';
import type { TestStack } from '../support/stack';
import { untilDiscovered } from '../support/tool-discoveries';
import { registerToolServer, type ToolServer } from '../support/tool-server';
import { until } from '../support/until';
import type { Edit } from './planted/planted';

/** A text that may occur nowhere. */
export const secret = 'swordfish-7f3a9c';

/** A load that is over, and all that an auditor is handed of it. */
export interface AuditedRun {
  readonly stack: TestStack;
  readonly load: RecordedLoad;
  readonly clean: Material;
  /** For files that are handed over. */
  readonly folder: string;
  readonly planeId: string;
  readonly policyId: string;
  readonly evidenceId: string;
  readonly killId: string;
  readonly serverId: string;
  /** A call of a tool that was made at once, and one that people had to approve. */
  readonly callId: string;
  readonly heldCallId: string;
  readonly tenantId: string;
  /** The other tenant. */
  readonly foreign: string;
  /** Checkpoints of the first tenant, as they would lie outside of the database. */
  readonly notes: string[];
}

export async function makeAuditedRun(
  stack: TestStack,
  { folder, tools }: { folder: string; tools: ToolServer },
): Promise<AuditedRun> {
  const [tenantId = '', foreign = ''] = stack.keys.tenants.map(({ tenant_id }) => tenant_id);
  const load = recordLoad(stack);
  const made = { ...(await callTools(stack, load, tools)), ...(await work(stack, load)) };
  await settle(stack);
  const clean = { ...(await materialOf(stack)), ledger: load.lines };
  const { rows } = await stack.owner.query<{ note: string }>(
    'select note from audit_checkpoints where tenant_id = $1 order by tree_size desc',
    [tenantId],
  );
  return {
    ...{ stack, load, clean, folder, tenantId, foreign, ...made },
    notes: rows.map(({ note }) => note),
  };
}

async function work(stack: TestStack, load: RecordedLoad) {
  const { planeId } = await anActivePlane(stack.api(), 'audited', {
    files: { 'a.md': '# Heron\n\nThe heron met the harbour.\n' },
  });
  const policy = { name: 'recorded', enforcement_mode: 'BLOCK', conditions: { allowed_plane_ids: [planeId] } };
  const post = (to: string, body: object, key?: string) =>
    load.call({ method: 'POST', path: to, body, ...(key !== undefined && { key }) });
  const made = await post('/policies', policy, 'k1');
  await post('/policies', policy, 'k1');
  await post('/policies', { ...policy, name: 'another' }, 'k1');
  const policyId = made.body.data.policy_id as string;
  await post(`/policies/${policyId}/lifecycle`, { target: 'ACTIVE', reason: 'r' });
  const question = { plane_id: planeId, action: 'query', payload: { query: 'who met the harbour', top_k: 3 } };
  const ask = (tenant: 0 | 1) =>
    load.call({ method: 'POST', path: '/retrieval/execute', body: question, tenant, isAnswerStored: false });
  const evidenceId = (await ask(0)).body.data.evidence_id as string;
  expect((await ask(1)).status).toBe(404);
  const killId = await load.killAndRelease({ scope: 'plane', scope_id: planeId });
  await load.killAndRelease({ scope: 'tenant' }, 1);
  await post(`/policies/${policyId}/lifecycle`, { target: 'SUSPENDED', reason: 'r' });
  return { planeId, policyId, evidenceId, killId };
}

async function callTools(stack: TestStack, load: RecordedLoad, tools: ToolServer) {
  const { serverId, tools: toolIds } = await registerToolServer(stack, { name: 'notes', url: tools.url });
  await untilDiscovered(stack.owner, serverId);
  await anActivePolicy(stack.api(), 'notes', { tool_rules: [{ effect: 'allow', servers: ['notes'] }] });
  const invoke = (tool: string) =>
    load.call({
      ...{ method: 'POST', path: `/integrations/mcp-servers/${serverId}/tools/${toolIds[tool]}/invoke` },
      ...{ body: { input: { id: tool } }, key: tool, role: 'developer', isAnswerStored: false },
    });
  const called = await invoke('read_note');
  const { approval_id: approvalId, invocation_id: heldCallId } = (await invoke('delete_note')).body.data;
  const { key } = (await stack.api().post('/api-keys', { name: 'decider', role: 'admin' })).body.data;
  const said = { decision: 'approve', reason: 'looked at it' };
  expect((await new ApiClient(stack.url, key).post(`/approvals/${approvalId}/decide`, said)).status).toBe(200);
  await until(async () => (await invoke('delete_note')).body.data.status === 'succeeded');
  for (const { input } of tools.calls) {
    const reached = { kind: 'effect', sink: 'tool', key: hashOf(input), mayRepeat: false } as const;
    load.lines.push({ at: new Date().toISOString(), seq: load.lines.length + 1, ...reached });
  }
  return { serverId, callId: called.body.data.invocation_id as string, heldCallId: heldCallId as string };
}

// The fan-outs of the kills end by themselves; sealing waits for whatever else runs on this server.
async function settle({ owner }: TestStack): Promise<void> {
  await until(async () => {
    const { rows } = await owner.query(
      `select (select count(*) from switch_fan_outs where status in ('queued', 'running'))
        + (select count(*) from event_outbox where published_at is null) as n`,
    );
    return Number(rows[0].n) === 0;
  });
  await until(async () => {
    const { rows } = await owner.query(
      'select 1 from audit_events e where not exists (select from audit_leaves l where l.event_id = e.event_id) limit 1',
    );
    return rows.length === 0;
  });
}

async function materialOf({ owner, temporal }: TestStack): Promise<Omit<Material, 'ledger'>> {
  const histories: HistoryFile[] = [];
  const { rows } = await owner.query<{ id: string }>(
    `select workflow_id as id from event_outbox union select workflow_id from switch_fan_outs`,
  );
  for (const { id } of rows) {
    const handle = temporal.workflow.getHandle(id);
    await until(async () => (await handle.describe()).status.name !== 'RUNNING' || /^(plane|server):/.test(id));
    const { runId, status } = await handle.describe();
    const history = toJson(await handle.fetchHistory()) as unknown as HistoryFile['history'];
    histories.push({ workflowId: id, runId, status: status.name, history });
  }
  const bundle = process.env.TEST_WORKFLOW_BUNDLE;
  const bundleFiles = bundle === undefined ? [] : [bundle];
  return { sql: owner, histories, bundleFiles, secrets: [secret], logFiles: [], notes: [] };
}

/**
 * What the auditor finds of one guarantee when rows are changed, as one with the owner's rights could, and the rest of the
 * material edited. It looks for no other: as long as the change is there, nothing on the whole server can be sealed.
 */
export async function find(
  { stack: { owner }, clean }: AuditedRun,
  { invariant, plant = [], edit = (it) => it }: { invariant: string; plant?: readonly string[]; edit?: Edit },
): Promise<Violation[]> {
  await owner.query('begin');
  try {
    if (plant.length > 0) await disableTriggers(owner);
    for (const statement of plant) {
      const { rowCount, command } = await owner.query(statement);
      if (['UPDATE', 'DELETE', 'INSERT'].includes(command)) expect(`${rowCount} ${statement}`).not.toMatch(/^0 /);
    }
    const chosen = checks.filter((check) => check.invariant === invariant);
    return (await audit(edit(clean), chosen)).flatMap(({ violations }) => violations);
  } finally {
    await owner.query('rollback');
  }
}

async function disableTriggers(owner: TestStack['owner']): Promise<void> {
  const { rows } = await owner.query<{ name: string }>(
    `select distinct tgrelid::regclass::text as name from pg_trigger where not tgisinternal`,
  );
  for (const { name } of rows) await owner.query(`alter table ${name} disable trigger user`);
}
