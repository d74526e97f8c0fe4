import { readFileSync } from 'node:fs';
import { temporal } from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import type { Check } from '../check';

const { History } = temporal.api.history.v1;

/** I9: every history leads the code of today to the same commands. */
export const replays: Check = {
  invariant: 'I9',
  promise: 'every history replays',
  async run({ histories, bundleFile }, look) {
    if (bundleFile === undefined) {
      look.notJudged.push('no workflow bundle was handed over');
      return;
    }
    if (histories.length === 0) return;
    const given = histories.map(({ workflowId, history }) => ({ workflowId, history: History.fromObject(history) }));
    const code = readFileSync(bundleFile, 'utf8');
    const results = Worker.runReplayHistories({ workflowBundle: { code } }, given);
    for await (const { workflowId, runId, error } of results) {
      look.examined += 1;
      if (error !== undefined)
        look.found('does-not-replay', { workflow_id: workflowId, run_id: runId, error: error.name });
    }
  },
};
