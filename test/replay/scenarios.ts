import path from 'node:path';
import { fanOutWorkflowId, planeScheduleId, planeWorkflowId } from '../../contracts/workflow-ids';
import { planeOver } from '../support/file-planes';
import { closeVectors } from '../support/gates';
import { writeDocuments } from '../support/generated-documents';
import { activate, anUploadPlane, aPolicyFor, transition, waitForState } from '../support/planes';
import { pauseBehindIndex } from '../support/pauses';
import { startPlaneWorkflow } from '../support/plane-workflow';
import type { TestStack } from '../support/stack';
import { temporalCli } from '../support/temporal-cli';
import { until } from '../support/until';
import { tenantIdOf, untilEnded, type RecordedRun, type Scenario } from './recorded-run';
import { toolScenarios } from './tool-scenarios';

/** Everything that each workflow does at least once; the name is that of the recorded file. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  ...toolScenarios,

  async 'onboarding-to-active'(stack, name) {
    const planeId = await register(stack, name);
    await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
    await aPolicyFor(stack.api(), planeId);
    await activate(stack.api(), planeId);
    return currentRun(stack, planeId);
  },

  async 'failed-job'(stack, name) {
    // Nothing was uploaded, so there is nothing to ingest.
    const { planeId } = await anUploadPlane(stack.api(), name, { onboard: true });
    await waitForState(stack.api(), planeId, 'VERIFIED');
    return currentRun(stack, planeId);
  },

  async 'killed-by-signal'(stack, name) {
    const vectors = await closeVectors(stack, tenantIdOf(stack));
    const planeId = await register(stack, name);
    await until(() => isAt(stack, planeId, 'index'));
    const run = await currentRun(stack, planeId);
    await temporalCli('workflow', 'signal', '--workflow-id', run.workflowId, '--name', 'kill');
    await untilEnded(stack, run);
    await vectors.open();
    return run;
  },

  async 'killed-by-switch-then-retried'(stack, name) {
    const vectors = await closeVectors(stack, tenantIdOf(stack));
    const planeId = await register(stack, name);
    await until(() => isAt(stack, planeId, 'index'));
    const target = { scope: 'plane', scope_id: planeId, reason: 'recording' };
    await stack.api().post('/governance/kill-switch', { ...target, enabled: true });
    await vectors.open();
    await waitForState(stack.api(), planeId, 'INGESTING');
    await stack.api().post('/governance/kill-switch', { ...target, enabled: false });
    await transition(stack.api(), planeId, 'retry_knowledge_plane');
    await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
    return currentRun(stack, planeId);
  },

  async 'scheduled-turn'(stack, name) {
    const api = stack.api();
    const planeId = await register(stack, name);
    await waitForState(api, planeId, 'PENDING_ACTIVATE');
    await aPolicyFor(api, planeId);
    await activate(api, planeId);
    const path = `/planes/${planeId}/sync-schedule`;
    await api.put(path, { interval_seconds: 86_400 });
    const handle = stack.temporal.schedule.getHandle(planeScheduleId(tenantIdOf(stack), planeId));
    await until(() =>
      handle.trigger().then(
        () => true,
        () => false,
      ),
    );
    await until(async () => (await api.get(path)).body.data.last_result === 'completed');
    const { workflow } = (await handle.describe()).info.recentActions.at(-1)?.action ?? {};
    return { workflowId: workflow?.workflowId ?? '', runId: workflow?.firstExecutionRunId ?? '' };
  },

  async 'sync-of-an-active-plane'(stack, name) {
    const api = stack.api();
    const { planeId } = await anUploadPlane(api, name, { onboard: false });
    await api.upload(planeId, { 'first.md': '# First\n\nThe first document.' });
    await stack.owner.query('update knowledge_planes set onboard = true where plane_id = $1', [planeId]);
    await transition(api, planeId, 'verify_knowledge_plane');
    await waitForState(api, planeId, 'PENDING_ACTIVATE');
    await aPolicyFor(api, planeId);
    await activate(api, planeId);
    await api.upload(planeId, { 'second.md': '# Second\n\nThe second document.' });
    await waitForState(api, planeId, 'ACTIVE');
    return currentRun(stack, planeId);
  },

  async reclassification(stack, name) {
    const planeId = await register(stack, name);
    await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
    await stack.api().send('POST', `/planes/${planeId}/reclassify`);
    await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
    return currentRun(stack, planeId);
  },

  async 'paused-then-released'(stack, name) {
    const { planeId, release } = await pauseBehindIndex(stack, () => register(stack, name));
    await release();
    await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
    return currentRun(stack, planeId);
  },

  async 'paused-out-of-time'(stack, name) {
    const { planeId, release } = await pauseBehindIndex(stack, () => register(stack, name), { slaSeconds: 1 });
    await until(async () => (await stack.api().get(`/lifecycle/${planeId}/state`)).body.data.active_job_id === null);
    await release();
    return currentRun(stack, planeId);
  },

  async 'kill-fan-out'(stack, name) {
    const vectors = await closeVectors(stack, tenantIdOf(stack));
    const planeId = await register(stack, name);
    await until(() => isAt(stack, planeId, 'index'));
    const target = { scope: 'plane', scope_id: planeId, reason: 'recording' };
    const { body } = await stack.api().post('/governance/kill-switch', { ...target, enabled: true });
    const workflowId = fanOutWorkflowId('plane', body.data.switch_id, body.data.epoch);
    await until(() => isStarted(stack, workflowId));
    const { runId } = await stack.temporal.workflow.getHandle(workflowId).describe();
    await untilEnded(stack, { workflowId, runId });
    await vectors.open();
    await stack.api().post('/governance/kill-switch', { ...target, enabled: false });
    return { workflowId, runId };
  },

  async 'continued-as-new'(stack, name) {
    const api = stack.api();
    const planeId = await register(stack, name, false);
    const input = { planeId, planeName: name, historyEventsMax: 10 };
    await startPlaneWorkflow(stack, { input, context: stack.as('admin') });
    const run = await currentRun(stack, planeId);
    await stack.owner.query('update knowledge_planes set onboard = true where plane_id = $1', [planeId]);
    await transition(api, planeId, 'verify_knowledge_plane');
    await waitForState(api, planeId, 'PENDING_ACTIVATE');
    return run;
  },

  async 'refused-messages'(stack, name) {
    const planeId = await register(stack, name);
    await waitForState(stack.api(), planeId, 'PENDING_ACTIVATE');
    const run = await currentRun(stack, planeId);
    for (const signal of ['runJob', 'noSuchSignal']) {
      await temporalCli('workflow', 'signal', '--workflow-id', run.workflowId, '--name', signal, '--input', '{}');
    }
    await until(async () => {
      const { rows } = await stack.owner.query(
        `select 1 from audit_events where event_type = 'MessageRefused' and resource_id = $1`,
        [run.workflowId],
      );
      return rows.length === 2;
    });
    return run;
  },

  async 'without-context'(stack, name) {
    const workflowId = `plane:${name}`;
    const { workflow } = stack.temporal;
    const { firstExecutionRunId } = await workflow.start('knowledgePlane', {
      ...{ workflowId, taskQueue: stack.taskQueue },
      args: [{ planeId: 'kp_000000000000', planeName: name }],
    });
    const run = { workflowId, runId: firstExecutionRunId };
    await untilEnded(stack, run);
    return run;
  },
};

export const canary = 'CANARY-7f3a9b-heron';

async function register(stack: TestStack, name: string, onboard = true): Promise<string> {
  const folder = path.join(stack.folder, 'notes');
  await writeDocuments(folder, 12, canary);
  const { body } = await stack.api().post('/planes', planeOver({ name, folder, onboard }));
  return body.data.plane_id as string;
}

async function currentRun(stack: TestStack, planeId: string): Promise<RecordedRun> {
  const workflowId = planeWorkflowId(tenantIdOf(stack), planeId);
  const { runId } = await stack.temporal.workflow.getHandle(workflowId).describe();
  return { workflowId, runId };
}

async function isStarted(stack: TestStack, workflowId: string): Promise<boolean> {
  return stack.temporal.workflow
    .getHandle(workflowId)
    .describe()
    .then(
      () => true,
      () => false,
    );
}

async function isAt(stack: TestStack, planeId: string, stage: string): Promise<boolean> {
  const { rows } = await stack.owner.query(
    `select 1 from plane_stage_progress where plane_id = $1 and stage = $2 and status = 'running'`,
    [planeId, stage],
  );
  return rows.length > 0;
}
