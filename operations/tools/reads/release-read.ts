import { z } from 'zod';
import { Sha256 } from '../../../contracts/knowledge-schemas';
import { engagedSwitch } from '../../../contracts/switches';
import { defineOperation } from '../../define';
import { isSettled } from '../../transaction/effects';
import { switchRefusal } from '../../transaction/fence';
import { notesOf } from '../calls/denial';
import { AskedRead, HiddenPaths } from './begin-read';
import { decideRead, readRefusal, redactionsOfRead } from './decide-read';
import { insertReadEvidence, namesOf } from './read-evidence';
import { readAskedServer } from './read-facts';

const ReleasedRead = AskedRead.extend({
  hidden: HiddenPaths,
  outputHash: Sha256,
  durationMs: z.int().min(0),
  /** Epochs of the switches when the read began: a kill since then keeps the answer back though it may be off again. */
  seen: z.record(z.string(), z.int()),
});

/** Commits the evidence of what a server answered. It is released only after this, and only if it may still be. */
export const releaseRead = defineOperation({
  name: 'tools.reads.release',
  permission: 'execute:mcp:*',
  params: ReleasedRead,
  fence: 'fenced',
  capability: 'tools.call',
  answer: 'fresh',
  scopes: ({ params: { serverId } }) => [{ type: 'server', id: serverId }],

  async loadFacts(work, { serverId, request }) {
    return { server: await readAskedServer(work, serverId, request) };
  },

  async handle(work, { params, facts: { server } }) {
    const { readId, intentId, request, seen, outputHash, durationMs } = params;
    const engaged = engagedSwitch({ rows: work.switches, begins: 'nothing', seen });
    if (engaged !== undefined) throw switchRefusal(engaged);
    const decision = decideRead(work, server, request);
    const refused = readRefusal(decision, server, request);
    if (refused !== undefined) throw refused;
    const first = !(await isSettled(work, intentId));
    work.settle({ intentId, outcome: 'succeeded', first });
    const { policyId } = decision;
    const policySnapshotId = server.snapshot_id ?? undefined;
    const rowHash = insertReadEvidence(work, {
      ...params,
      hidden: withThose(params.hidden, redactionsOfRead(server, request).input),
      ...{ outcome: 'succeeded', policyId, policySnapshotId, isFlagged: decision.warnings.length > 0 },
    });
    work.audit({
      type: 'server_read_completed',
      outcome: 'success',
      resource: { type: 'server_read', id: readId },
      policyId,
      policySnapshotId,
      evidence: {
        ...namesOf(params),
        ...{ outcome: 'succeeded', reason: null, output_hash: outputHash, duration_ms: durationMs, row_hash: rowHash },
      },
    });
    return { readId };
  },

  async refused(work, { params, error }) {
    const { readId, intentId, durationMs } = params;
    const reason = error.reason ?? error.code;
    const { message } = error;
    const first = !(await isSettled(work, intentId));
    // The server answered; that nobody is told is no undoing.
    work.settle({ intentId, outcome: 'failed', first, reason });
    const { outputHash: _kept, ...asked } = params;
    const rowHash = insertReadEvidence(work, {
      ...{ ...asked, outcome: 'failed', reason, message },
      hidden: withThose(params.hidden, notesOf(error).hidden),
    });
    return {
      entry: {
        type: 'server_read_failed',
        outcome: 'blocked',
        resource: { type: 'server_read', id: readId },
        evidence: {
          ...namesOf(params),
          ...{ outcome: 'failed', reason, output_hash: null, duration_ms: durationMs, row_hash: rowHash },
        },
        error: { code: error.code, message },
      },
      details: { invocation_id: readId },
    };
  },
});

function withThose(paths: readonly string[], others: readonly string[]): readonly string[] {
  return [...new Set([...paths, ...others])];
}
