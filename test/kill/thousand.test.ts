import { WorkflowFailedError } from '@temporalio/client';
import type { Scope } from '../../contracts/switches';
import { startHeldWork, type HeldWork } from '../support/held-work';
import { anUploadPlane } from '../support/planes';
import { startTestStack, type TestStack } from '../support/stack';
import { until } from '../support/until';

const activities = 1_000;

let stack: TestStack;
let held: HeldWork;
let planeId: string;
beforeAll(async () => {
  stack = await startTestStack();
  held = await startHeldWork(stack);
  ({ planeId } = await anUploadPlane(stack.api(), 'held'));
});
afterAll(async () => {
  await held?.stop();
  await stack?.stop();
});

// What one test leaves behind must not be what the next one fails on.
let leftBehind: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.allSettled(leftBehind.map((clear) => clear()));
  leftBehind = [];
});

const scopes = ['global', 'tenant', 'capability', 'plane', 'server', 'run', 'integration'] as const;

function scopeOf(type: (typeof scopes)[number]): Scope[] {
  const ids: Partial<Record<Scope['type'], string>> = {
    capability: 'lifecycle.ingest',
    plane: planeId,
    server: 'files',
    integration: 'int_crm',
  };
  const id = ids[type];
  return id === undefined ? [] : [{ type, id }];
}

test.each(scopes)(
  `a kill of scope %s stops ${activities} running activities, and none of them commits after it`,
  async (type) => {
    const { stoppedAt, refusals } = held;
    stoppedAt.length = refusals.length = 0;
    const run = await held.start({
      ...{ workflowId: `held-${type}`, count: activities, context: stack.as('admin'), scopes: scopeOf(type) },
    });
    const workflow = stack.temporal.workflow.getHandle(run.workflowId, run.runId);
    leftBehind.push(() => workflow.terminate());
    await until(() => held.running() === activities, { what: 'all activities', limitMs: 250_000 });

    const api = type === 'global' ? stack.operatorApi : stack.api();
    const id = type === 'run' ? run.runId : scopeOf(type)[0]?.id;
    const body = { scope: type, reason: 'drill', ...(id !== undefined && { scope_id: id }) };
    leftBehind.push(() => api.post('/governance/kill-switch', { ...body, enabled: false }));
    const thrown = await api.post('/governance/kill-switch', { ...body, enabled: true });
    expect(thrown).toMatchObject({ status: 200, body: { data: { enabled: true, scope: type } } });

    await until(() => held.running() === 0, { what: 'the end of all activities', limitMs: 250_000 });
    expect(stoppedAt).toHaveLength(activities);
    expect(refusals).toEqual(Array.from({ length: activities }, () => 'SWITCH_ENGAGED'));
    await expect(workflow.result()).rejects.toThrow(WorkflowFailedError);

    let report: Record<string, unknown> = {};
    await until(
      async () => {
        report = (await api.get(`/governance/switches/${thrown.body.data.switch_id}/report`)).body.data;
        return report.status === 'completed';
      },
      { what: 'the report', limitMs: 90_000 },
    );
    expect(report).toMatchObject({ enabled: true, scope: type, survivors: 0, survivor_ids: [] });
  },
  600_000,
);
