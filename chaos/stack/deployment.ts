import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';

/** The workers as versions of a Temporal worker deployment, as docs/operations.md has an operator bring them in. */
export interface Deployment {
  /** Hands the work to this version as soon as the server knows all of its queues. */
  makeCurrent(buildId: string): Promise<void>;
  /** True when nothing is left that must end on that version; false when that takes longer than the limit. */
  untilDrained(buildId: string, limitMs: number): Promise<boolean>;
  close(): Promise<void>;
}

export interface DeploymentOptions {
  readonly address: string;
  readonly namespace: string;
  /** The main task queue. */
  readonly name: string;
}

const queuesOfOneWorker = 3;
const currentLimitMs = 120_000;
const lookMs = 500;

export function createDeployment({ address, namespace, name }: DeploymentOptions): Deployment {
  const connection = Connection.lazy({ address });
  const client = new Client({ connection, namespace });

  async function isKnown(buildId: string): Promise<boolean> {
    const { workerDeploymentVersionInfo: info } = await connection.workflowService.describeWorkerDeploymentVersion({
      namespace,
      deploymentVersion: { deploymentName: name, buildId },
    });
    return info?.taskQueueInfos?.length === queuesOfOneWorker;
  }

  return {
    async makeCurrent(buildId) {
      const until = Date.now() + currentLimitMs;
      for (;;) {
        try {
          if (await isKnown(buildId)) {
            await connection.workflowService.setWorkerDeploymentCurrentVersion({
              ...{ namespace, deploymentName: name, buildId, identity: 'chaos' },
            });
            return;
          }
        } catch (error) {
          // The server may be away, or not know the version yet.
          if (Date.now() > until) throw error;
        }
        if (Date.now() > until) throw new Error(`version ${buildId} has no workers after ${currentLimitMs / 1000} s`);
        await sleep(lookMs);
      }
    },

    async untilDrained(buildId, limitMs) {
      const query = `TemporalWorkerDeploymentVersion = '${name}:${buildId}' and ExecutionStatus = 'Running' and WorkflowType != 'knowledgePlane'`;
      const until = Date.now() + limitMs;
      // The index may be late, so it must be empty twice.
      for (let empty = 0; empty < 2;) {
        if (Date.now() > until) return false;
        await sleep(2 * lookMs);
        const open = await client.workflow.count(query).catch(() => undefined);
        empty = open?.count === 0 ? empty + 1 : 0;
      }
      return true;
    },

    close: () => connection.close(),
  };
}
