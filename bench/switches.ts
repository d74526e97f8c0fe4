import { switchScopes, type Scope, type SwitchScope } from '../contracts/switches';
import globalSetup from '../test/support/global-setup';
import globalTeardown from '../test/support/global-teardown';
import { startHeldWork, type HeldWork } from '../test/support/held-work';
import { anUploadPlane } from '../test/support/planes';
import { startTestStack, type TestStack } from '../test/support/stack';
import { until } from '../test/support/until';
import { report } from './support/report';
import { quantile } from './support/statistics';

const activities = 1_000;
// A run is one workflow, and so holds all of them.
const workflowsOf = (scope: SwitchScope) => (scope === 'run' ? 1 : Number(process.env.BENCH_WORKFLOWS ?? activities));
const commitEveryMs = 4_000;
const limits = { abortMs: 1_000, terminalMs: 30_000 };

/**
 * A thousand running activities, each in a workflow of its own (but for the scope run) and each committing behind the fence every four seconds;
 * then a kill of each scope. What counts begins at the acknowledgement of the throw.
 */
async function main(): Promise<void> {
  await globalSetup();
  const stack = await startTestStack();
  const held = await startHeldWork(stack);
  const { planeId } = await anUploadPlane(stack.api(), 'held');
  try {
    for (const scope of switchScopes) await measure(stack, { held, scope, planeId });
  } finally {
    await held.stop();
    await stack.stop();
    await globalTeardown();
  }
}

async function measure(
  stack: TestStack,
  { held, scope, planeId }: { held: HeldWork; scope: SwitchScope; planeId: string },
): Promise<void> {
  held.stoppedAt.length = held.refusals.length = 0;
  const runIds = await startAll(stack, { held, scope, planeId });
  await until(() => held.running() === activities, { limitMs: 300_000, what: 'all activities' });
  const before = await commits(stack);
  await until(async () => (await commits(stack)) > before, { what: 'commits of this round' });

  const api = scope === 'global' ? stack.operatorApi : stack.api();
  const id = scope === 'run' ? runIds[0] : scopesOf(scope, planeId)[0]?.id;
  const body = { scope, reason: 'bench', ...(id !== undefined && { scope_id: id }) };
  const thrownAt = performance.now();
  const thrown = await api.post('/governance/kill-switch', { ...body, enabled: true });
  const acknowledgedAt = performance.now();
  const committedAtAck = await commits(stack);
  await until(() => held.stoppedAt.length === activities, { limitMs: 120_000, what: 'the stop signals' });
  const abortMs = held.stoppedAt.map((at) => at - acknowledgedAt);
  await until(async () => (await running(stack, scope)) === 0, { limitMs: 300_000, what: 'the end of all workflows' });
  const terminalMs = performance.now() - acknowledgedAt;
  const late = (await commits(stack)) - committedAtAck;
  const last = quantile(abortMs, 1);
  report({
    bench: 'switches',
    cell: scope,
    ok: late === 0 && last <= limits.abortMs && terminalMs <= limits.terminalMs,
    thrown: thrown.status,
    activities,
    workflows: workflowsOf(scope),
    acknowledged_ms: acknowledgedAt - thrownAt,
    fenced_commits_after_acknowledgement: late,
    refused_after: held.refusals.length,
    last_abort_ms: last,
    all_terminal_ms: terminalMs,
    report: await finalReport(api, thrown.body.data.switch_id),
  });
  await api.post('/governance/kill-switch', { ...body, enabled: false });
}

async function startAll(
  stack: TestStack,
  { held, scope, planeId }: { held: HeldWork; scope: SwitchScope; planeId: string },
): Promise<string[]> {
  const runIds: string[] = [];
  const waiting = Array.from({ length: workflowsOf(scope) }, (_, index) => index);
  const start = async () => {
    for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
      const { runId } = await held.start({
        workflowId: `held-${scope}-${index}`,
        count: activities / workflowsOf(scope),
        context: stack.as('admin'),
        scopes: scopesOf(scope, planeId),
        commitEveryMs,
      });
      runIds.push(runId);
    }
  };
  await Promise.all(Array.from({ length: 20 }, start));
  return runIds;
}

function scopesOf(scope: SwitchScope, planeId: string): Scope[] {
  const ids: Partial<Record<SwitchScope, string>> = {
    ...{ capability: 'lifecycle.ingest', plane: planeId, server: 'files', integration: 'int_crm' },
  };
  const id = ids[scope];
  return id === undefined ? [] : [{ type: scope, id }];
}

async function commits({ owner }: TestStack): Promise<number> {
  const { rows } = await owner.query<{ n: number }>(
    `select count(*)::int as n from audit_events where action = 'test.work.commit' and event_type = 'StageProgressed'`,
  );
  return rows[0]?.n ?? 0;
}

async function running({ temporal }: TestStack, scope: SwitchScope): Promise<number> {
  const query = `WorkflowType = 'holdMany' AND ExecutionStatus = 'Running' AND WorkflowId STARTS_WITH 'held-${scope}'`;
  const { count } = await temporal.workflow.count(query);
  return count;
}

async function finalReport(api: TestStack['operatorApi'], switchId: string) {
  let found: Record<string, unknown> = {};
  await until(
    async () => {
      found = (await api.get(`/governance/switches/${switchId}/report`)).body.data;
      return found.status === 'completed';
    },
    { limitMs: 120_000, what: 'the report' },
  );
  const { seen, signalled, ended, survivors } = found;
  return { seen, signalled, ended, survivors };
}

void main();
