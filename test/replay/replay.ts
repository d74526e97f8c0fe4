import { Worker } from '@temporalio/worker';
import { fromJson, type RecordedHistory } from './history-file';

/** Replays with the bundle that the workers run; answers what failed, or undefined. */
export async function replay({ workflowId, history }: RecordedHistory): Promise<Error | undefined> {
  const results = Worker.runReplayHistories({ workflowBundle: { codePath: process.env.TEST_WORKFLOW_BUNDLE ?? '' } }, [
    { workflowId, history: fromJson(history) },
  ]);
  for await (const { error } of results) return error;
  throw new Error('nothing was replayed');
}
