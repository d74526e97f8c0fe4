import type { Client } from '@temporalio/client';
import { taskQueuesOf } from '../contracts/workflow-messages';

interface Version {
  readonly deploymentName?: string | null;
  readonly buildId?: string | null;
}

interface QueueDescription {
  readonly pollers?:
    readonly { deploymentOptions?: (Version & { workerVersioningMode?: number | null }) | null }[] | null;
  readonly versioningInfo?: { currentDeploymentVersion?: Version | null } | null;
}

const versionedMode = 2;

/** Which of our task queues have a worker that is given what comes anew. */
export async function readPollers(client: Client, namespace: string, main: string): Promise<Record<string, boolean>> {
  const queues = taskQueuesOf(main);
  const entries = await Promise.all(
    Object.values(queues).map(async (queue) => {
      const description = await client.workflowService.describeTaskQueue({
        namespace,
        taskQueue: { name: queue },
        taskQueueType: queue === queues.io ? 2 : 1,
      });
      return [queue, isServed(description)] as const;
    }),
  );
  return Object.fromEntries(entries);
}

// Where a version is current only its workers are given new work; where none is, only workers without a version.
function isServed({ pollers, versioningInfo }: QueueDescription): boolean {
  const current = versioningInfo?.currentDeploymentVersion;
  return (pollers ?? []).some(({ deploymentOptions: own }) => {
    const isVersioned = own?.workerVersioningMode === versionedMode;
    if (!current) return !isVersioned;
    return isVersioned && own.deploymentName === current.deploymentName && own.buildId === current.buildId;
  });
}
