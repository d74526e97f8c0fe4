import type { Client } from '@temporalio/client';
import { taskQueuesOf } from '../contracts/workflow-messages';

export interface QueueStats {
  readonly queue: string;
  readonly type: 'workflow' | 'activity';
  /** Tasks that no worker has taken yet; those of sticky queues are not counted. */
  readonly backlog: number;
  readonly backlogAgeSeconds: number;
  readonly pollers: number;
}

const typeCodes = { workflow: 1, activity: 2 } as const;

/** How far the workers are behind, queue by queue. Workflow tasks are not on the queue of long work. */
export function readQueueStats(client: Client, namespace: string, main: string): Promise<QueueStats[]> {
  const queues = taskQueuesOf(main);
  const wanted = Object.values(queues).flatMap((queue) =>
    (queue === queues.io ? (['activity'] as const) : (['workflow', 'activity'] as const)).map((type) => ({
      queue,
      type,
    })),
  );
  return Promise.all(
    wanted.map(async ({ queue, type }) => {
      const { stats, pollers } = await client.workflowService.describeTaskQueue({
        namespace,
        taskQueue: { name: queue },
        taskQueueType: typeCodes[type],
        reportStats: true,
      });
      const age = stats?.approximateBacklogAge;
      return {
        ...{ queue, type },
        backlog: Number(stats?.approximateBacklogCount ?? 0),
        backlogAgeSeconds: Number(age?.seconds ?? 0) + (age?.nanos ?? 0) / 1e9,
        pollers: pollers?.length ?? 0,
      };
    }),
  );
}
