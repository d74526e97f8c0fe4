import type { TestStack, TestWorkers } from './stack';
import { temporalCli } from './temporal-cli';
import { until } from './until';

const queuesOfOneWorker = 3;

async function deployment(command: string, name: string, ...options: string[]): Promise<string> {
  return (await temporalCli('worker', 'deployment', command, '--deployment-name', name, ...options)).stdout;
}

/** What an operator does to bring a version in. */
export async function setCurrent(name: string, buildId: string): Promise<void> {
  await deployment('set-current-version', name, '--build-id', buildId, '--yes');
}

export async function clearCurrent(name: string): Promise<void> {
  await deployment('set-current-version', name, '--unversioned', '--yes');
}

/** Workers of a version beside the others, when the server knows all of their queues. */
export async function startVersion(
  stack: TestStack,
  buildId: string,
  taskQueue = stack.taskQueue,
): Promise<TestWorkers> {
  const workers = await stack.startWorkers(buildId, taskQueue);
  const options = ['--build-id', buildId, '--output', 'json'];
  await until(
    async () => {
      const json = await deployment('describe-version', taskQueue, ...options).catch(() => '{}');
      return (JSON.parse(json) as { taskQueuesInfos?: unknown[] }).taskQueuesInfos?.length === queuesOfOneWorker;
    },
    { what: `the queues of ${buildId}` },
  );
  return workers;
}
