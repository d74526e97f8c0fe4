import { readFileSync } from 'node:fs';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { planeScheduleId, planeWorkflowId } from '../../contracts/workflow-ids';
import { stageNames } from '../../contracts/knowledge';
import { searchAttributes } from '../../contracts/workflow-messages';
import { setCurrent, startVersion } from '../support/deployments';
import { onboardFolder } from '../support/file-planes';
import { closeVectors, type Gate } from '../support/gates';
import { writeDocuments } from '../support/generated-documents';
import { transition, waitForState } from '../support/planes';
import { runShell, shellBlocks, type ShellResult } from '../support/shell-blocks';
import { startTestStack, type TestStack } from '../support/stack';
import { temporalCli } from '../support/temporal-cli';
import { startTemporal, type StartedTemporal } from '../support/temporal-server';
import { until } from '../support/until';

const root = path.join(__dirname, '../..');
const page = path.join(root, 'docs/operations.md');

let temporal: StartedTemporal;
let stack: TestStack;
let vectors: Gate;
let tools: string;
const planes = { atWork: '', atRest: '', killed: '' };

beforeAll(async () => {
  // A server of its own: the page kills by query whatever runs on the server.
  temporal = await startTemporal();
  process.env.TEST_TEMPORAL_ADDRESS = temporal.address;
  stack = await startTestStack();
  await writeDocuments(path.join(stack.folder, 'notes'), 10);
  tools = await makeTools();

  planes.atRest = await onboard('at rest');
  planes.killed = await onboard('killed');
  await waitForState(stack.api(), planes.atRest, 'PENDING_ACTIVATE');
  await waitForState(stack.api(), planes.killed, 'PENDING_ACTIVATE');
  await temporalCli('workflow', 'signal', '--workflow-id', workflowOf(planes.killed), '--name', 'kill');
  await until(async () => (await statusOf(planes.killed)) === 'FAILED');
  vectors = await closeVectors(stack, tenantId());
  planes.atWork = await onboard('at work');
  await until(async () => (await stateOf(planes.atWork)).active_job?.kind === 'index_data');
});

afterAll(async () => {
  await stack?.stop();
  await temporal?.stop();
});

const tenantId = () => stack.keys.tenants[0]?.tenant_id ?? '';
const workflowOf = (planeId: string) => planeWorkflowId(tenantId(), planeId);
const onboard = (name: string) => onboardFolder(stack.api(), { name, folder: path.join(stack.folder, 'notes') });
const stateOf = async (planeId: string) => (await stack.api().get(`/lifecycle/${planeId}/state`)).body.data;
const statusOf = async (planeId: string) =>
  (await stack.temporal.workflow.getHandle(workflowOf(planeId)).describe()).status.name;

/** The index hears of executions later than whoever asks for one of them. */
async function untilListed(planeId: string, query: string): Promise<void> {
  const own = `WorkflowId="${workflowOf(planeId)}" AND ${query}`;
  await until(async () => (await stack.temporal.workflow.count(own)).count > 0, { what: own });
}

const engineSchedule = () =>
  stack.temporal.schedule
    .getHandle(planeScheduleId(tenantId(), planes.atWork))
    .describe()
    .catch(() => undefined);

async function runTwoVersions(): Promise<void> {
  await startVersion(stack, 'old');
  await startVersion(stack, 'new');
  await setCurrent(stack.taskQueue, 'old');
}

async function currentVersion(): Promise<string | undefined> {
  const { versioningInfo } = await stack.temporal.workflowService.describeTaskQueue({
    namespace: 'default',
    taskQueue: { name: stack.taskQueue },
    taskQueueType: 1,
  });
  return versioningInfo?.currentDeploymentVersion?.buildId ?? undefined;
}

/** `temporal` and `npx` as an operator has them on the PATH; `npx aos` is the command of this checkout. */
async function makeTools(): Promise<string> {
  const folder = path.join(stack.folder, 'bin');
  await mkdir(folder);
  await symlink(temporal.cli ?? '', path.join(folder, 'temporal'));
  const npx = path.join(folder, 'npx');
  await writeFile(npx, `#!/bin/sh\nshift\nexec "${process.execPath}" "${path.join(root, 'bin/aos.js')}" "$@"\n`);
  await chmod(npx, 0o755);
  return folder;
}

function environmentFor(block: string): NodeJS.ProcessEnv {
  return {
    PATH: `${tools}:${path.dirname(process.execPath)}:${process.env.PATH}`,
    HOME: stack.folder,
    TEMPORAL_ADDRESS: temporal.address,
    WORKFLOW_ID: workflowOf(planes.atWork),
    TENANT_ID: tenantId(),
    PLANE_ID: planes.atWork,
    DEPLOYMENT: stack.taskQueue,
    OLD_BUILD_ID: 'old',
    NEW_BUILD_ID: 'new',
    AOS_API_URL: stack.url,
    // The global scope, the limits and the platform's tree are the operator's.
    AOS_API_KEY: / global |aos limits |platform\.json/.test(block)
      ? stack.keys.operator_key
      : (stack.keys.tenants[0]?.admin_key ?? ''),
  };
}

/** Everything is released, the plane at work is at work again, and the one at rest has its execution. */
async function bringBack(): Promise<void> {
  for (const scope of ['global', 'tenant', 'plane']) {
    for (const kind of ['kill', 'degraded']) {
      if (kind === 'degraded' && scope !== 'tenant') continue;
      const api = scope === 'global' ? stack.operatorApi : stack.api();
      const body = {
        scope,
        kind,
        enabled: false,
        reason: 'checked',
        ...(scope === 'plane' && { scope_id: planes.atWork }),
      };
      expect((await api.post('/governance/kill-switch', body)).status).toBe(200);
    }
  }
  for (const planeId of [planes.atWork, planes.atRest]) {
    await until(async () => (await statusOf(planeId)) === 'FAILED', { what: 'the end of the killed executions' });
  }
  expect((await transition(stack.api(), planes.atWork, 'retry_knowledge_plane')).status).toBe(200);
  await until(async () => (await stateOf(planes.atWork)).active_job?.kind === 'index_data');
  // Any job brings an execution that then waits for the next one.
  expect((await stack.api().send('POST', `/planes/${planes.atRest}/reclassify`)).status).toBe(202);
  await waitForState(stack.api(), planes.atRest, 'PENDING_ACTIVATE');
}

interface Expectation {
  readonly block: RegExp;
  before?(): Promise<void>;
  after?(result: ShellResult): Promise<void> | void;
}

const contains = (text: () => string) => (result: ShellResult) => expect(result.stdout).toContain(text());

/** What a command must have done, where success alone does not say it. */
const expectations: readonly Expectation[] = [
  { block: /readyz/, after: contains(() => '"ready":true') },
  {
    block: /AosKind="plane" AND ExecutionStatus="Running"'$/,
    before: async () => {
      await untilListed(planes.atWork, 'ExecutionStatus="Running" AND AosStage="index"');
      await untilListed(planes.killed, 'ExecutionStatus="Failed"');
    },
    after: contains(() => workflowOf(planes.atWork)),
  },
  { block: /workflow list.*AosTenant/, after: contains(() => workflowOf(planes.atRest)) },
  { block: /workflow list.*AosPlane/, after: contains(() => workflowOf(planes.atWork)) },
  { block: /workflow list.*AosStage=/, after: contains(() => workflowOf(planes.atWork)) },
  { block: /workflow list.*AosStage!=/, after: contains(() => workflowOf(planes.atWork)) },
  { block: /workflow list.*Failed/, after: contains(() => workflowOf(planes.killed)) },
  { block: /workflow count/, after: contains(() => 'Running') },
  { block: /workflow describe/, after: contains(() => 'indexDocuments') },
  { block: /workflow show.*WORKFLOW_ID"$/, after: contains(() => 'WorkflowExecutionStarted') },
  { block: /--output json/, after: ({ stdout }) => void JSON.parse(stdout) },
  {
    block: /switch on plane/,
    after: () => until(async () => (await stateOf(planes.atWork)).last_job?.status === 'killed'),
  },
  { block: /pauses list/, after: ({ code }) => expect(code).toBe(0) },
  {
    // The switches of the section before have ended what ran; the signals need executions to reach.
    block: /signal .*--workflow-id/,
    before: bringBack,
    after: () => until(async () => (await statusOf(planes.atWork)) === 'FAILED'),
  },
  {
    block: /signal .*--query/,
    before: async () => {
      expect(await statusOf(planes.atRest)).toBe('RUNNING');
      await untilListed(planes.atRest, 'ExecutionStatus="Running"');
    },
    after: () => until(async () => (await statusOf(planes.atRest)) === 'FAILED'),
  },
  {
    block: /batch list/,
    // The signal has reached the plane before the batch that sent it is over.
    before: () => until(async () => (await temporalCli('batch', 'list')).stdout.includes('Completed')),
    after: contains(() => 'Completed'),
  },
  { block: /planes transition.*retry/, before: () => vectors.open(), after: contains(() => 'PENDING_ACTIVATE') },
  { block: /schedule show/, after: contains(() => 'every 3600 s') },
  {
    block: /temporal schedule describe/,
    before: () => until(async () => (await engineSchedule()) !== undefined),
    after: contains(() => planes.atWork),
  },
  { block: /deployment describe /, before: runTwoVersions, after: contains(() => 'new') },
  { block: /describe-version.*NEW/, after: contains(() => `${stack.taskQueue}-io`) },
  { block: /set-current-version.*NEW/, after: () => until(async () => (await currentVersion()) === 'new') },
  { block: /describe-version.*OLD/, after: contains(() => 'draining') },
  { block: /set-current-version.*OLD/, after: () => until(async () => (await currentVersion()) === 'old') },
  { block: /--unversioned/, after: () => until(async () => (await currentVersion()) === undefined) },
  { block: /limits show/, after: contains(() => '100 requests per 60 s (default)') },
  { block: /limits clear/, after: contains(() => 'the default holds') },
  { block: /verify platform\.json/, after: contains(() => 'one of the keys you gave') },
  { block: /audit list/, after: contains(() => 'job.killed_by_switch') },
];

test('every command of the page works as it is written, from top to bottom, and does what is said', async () => {
  const blocks = shellBlocks(page);
  const met = new Set<Expectation>();
  const hasCurl = (await runShell('command -v curl', { PATH: process.env.PATH })).code === 0;
  for (const block of blocks) {
    if (!hasCurl && block.startsWith('curl ')) continue;
    const matching = expectations.filter((each) => each.block.test(block));
    for (const { before } of matching) await before?.();
    const result = await runShell(block, environmentFor(block));
    expect({ block, ...result }).toMatchObject({ block, code: 0 });
    for (const each of matching) {
      await each.after?.(result);
      met.add(each);
    }
  }
  const unmet = expectations.filter((each) => !met.has(each) && (hasCurl || !/readyz/.test(each.block.source)));
  expect(unmet.map(({ block }) => block.source)).toEqual([]);
}, 480_000);

test('the page names the search attributes and stages that there are', () => {
  const text = readFileSync(page, 'utf8');
  const used = [...new Set([...text.matchAll(/\bAos[A-Z][a-z]+/g)].map(([name]) => name))];
  expect(Object.values(searchAttributes)).toEqual(expect.arrayContaining(used));
  for (const stage of ['waiting', ...stageNames]) expect(text).toContain(`\`${stage}\``);
});
