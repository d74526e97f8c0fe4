import { readFileSync } from 'node:fs';
import { temporal } from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import type { Check, Finder } from '../check';
import type { HistoryFile } from '../histories';

const { History } = temporal.api.history.v1;

/**
 * I9: every history leads the newest code to the same commands; and each earlier one too, unless a newer has taken it
 * behind a patch, which the earlier does not know. No worker has met a history that was at odds with its code.
 */
export const replays: Check = {
  invariant: 'I9',
  promise: 'every history replays',
  async run({ histories, bundleFiles }, look) {
    for (const each of histories) failedTasks(each, look);
    if (bundleFiles.length === 0) look.notJudged.push('no workflow bundle was handed over');
    for (const bundleFile of bundleFiles) {
      const isNewest = bundleFile === bundleFiles.at(-1);
      await replayAll(
        histories.filter((each) => isNewest || !isPatched(each)),
        bundleFile,
        look,
      );
    }
  },
};

async function replayAll(histories: readonly HistoryFile[], bundleFile: string, look: Finder): Promise<void> {
  if (histories.length === 0) return;
  const given = histories.map(({ workflowId, history }) => ({ workflowId, history: History.fromObject(history) }));
  const code = readFileSync(bundleFile, 'utf8');
  const results = Worker.runReplayHistories({ workflowBundle: { code } }, given);
  for await (const { workflowId, runId, error } of results) {
    look.examined += 1;
    if (error !== undefined)
      look.found('does-not-replay', {
        ...{ workflow_id: workflowId, run_id: runId, error: error.name, bundle: bundleFile },
      });
  }
}

const nonDeterminism = 'WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR';

function failedTasks({ workflowId, runId, history: { events } }: HistoryFile, look: Finder): void {
  for (const event of events) {
    const failed = event.workflowTaskFailedEventAttributes as { readonly cause?: unknown } | undefined;
    if (failed?.cause !== nonDeterminism) continue;
    look.found('task-at-odds-with-history', {
      ...{ workflow_id: workflowId, run_id: runId, event: String(event.eventId) },
    });
  }
}

function isPatched({ history: { events } }: HistoryFile): boolean {
  return events.some((event) => {
    const marker = event.markerRecordedEventAttributes as { readonly markerName?: unknown } | undefined;
    return marker?.markerName === 'core_patch';
  });
}
