import { z } from 'zod';
import { defineOperation } from '../../define';
import { isSettled } from '../../transaction/effects';
import { AskedRead, HiddenPaths } from './begin-read';
import { insertReadEvidence, namesOf } from './read-evidence';

/** Records that a read ended without an answer, also under a kill: nothing was released. */
export const failRead = defineOperation({
  name: 'tools.reads.fail',
  permission: 'execute:mcp:*',
  params: AskedRead.extend({
    hidden: HiddenPaths,
    outcome: z.enum(['failed', 'unknown', 'killed']),
    reason: z.string().max(64),
    message: z.string().max(1000),
    durationMs: z.int().min(0),
  }),
  fence: 'outcome-of-opened-intent',
  answer: 'fresh',

  loadFacts: async (work, { intentId }) => ({ isSettled: await isSettled(work, intentId) }),

  async handle(work, { params, facts }) {
    const { readId, intentId, outcome, reason, durationMs } = params;
    work.settle({ intentId, outcome, first: !facts.isSettled, reason });
    const rowHash = insertReadEvidence(work, params);
    work.audit({
      type: 'server_read_failed',
      outcome: outcome === 'failed' ? 'failure' : outcome,
      resource: { type: 'server_read', id: readId },
      evidence: {
        ...namesOf(params),
        ...{ outcome, reason, output_hash: null, duration_ms: durationMs, row_hash: rowHash },
      },
    });
    return { readId };
  },
});
