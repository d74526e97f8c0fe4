import { z } from 'zod';
import type { EngineError } from '../../../contracts/errors';
import { readLimits, ReadRequest } from '../../../contracts/server-reads';
import { InvocationId } from '../../../contracts/tool-call-schemas';
import { ServerId } from '../../../contracts/tool-schemas';
import { epochsOf } from '../../../contracts/switches';
import { defineOperation, type Refused, type Work } from '../../define';
import { notesOf } from '../calls/denial';
import { noted } from '../calls/record-denial';
import { takeToolToken } from '../calls/take-token';
import { decideRead, readRefusal, redactionsOfRead } from './decide-read';
import { insertReadEvidence, namesOf } from './read-evidence';
import { readAskedServer, type AskedServer } from './read-facts';

export const AskedRead = z.strictObject({
  readId: InvocationId,
  intentId: z.uuid(),
  serverId: ServerId,
  request: ReadRequest,
  requestedAt: z.iso.datetime(),
});
export type AskedRead = z.infer<typeof AskedRead>;

/** What policies hid of the question when it was allowed; what they hide since then is hidden too. */
export const HiddenPaths = z.array(z.string());

/** Decides a read of a server and opens its intent, after which the server may be asked. A denial leaves evidence too. */
export const beginRead = defineOperation({
  name: 'tools.reads.begin',
  permission: 'execute:mcp:*',
  params: AskedRead,
  fence: 'fenced',
  capability: 'tools.call',
  begins: 'work',
  answer: 'fresh',
  scopes: ({ params: { serverId } }) => [{ type: 'server', id: serverId }],

  async loadFacts(work, { serverId, request }) {
    return { server: await readAskedServer(work, serverId, request) };
  },

  async handle(work, { params, facts: { server } }) {
    const { readId, intentId, request } = params;
    const decision = decideRead(work, server, request);
    const refused = readRefusal(decision, server, request);
    if (refused !== undefined) throw refused;
    // Last of all that may refuse, so that a read which is refused anyway uses nothing up.
    await takeReadToken(work, server);
    const deadline = new Date(Date.now() + readLimits.deadlineMs);
    work.intend({ intentId, subject: `read:${readId}`, phase: 'upstream', deadline });
    const { policyId, message, warnings, shadow } = decision;
    work.audit({
      type: 'server_read_started',
      outcome: 'pending',
      resource: { type: 'server_read', id: readId },
      policyId,
      policySnapshotId: server.snapshot_id ?? undefined,
      evidence: {
        ...namesOf(params),
        ...{ intent_id: intentId, message, warnings: noted(warnings), shadow: noted(shadow) },
      },
    });
    const { server_id, url, transport, auth_type, credential_id } = server;
    return {
      server: { server_id, url, transport, auth_type, credential_id },
      /** What the switches were when it was allowed. */
      seen: epochsOf(work.switches),
      hides: redactionsOfRead(server, request),
    };
  },

  refused: (work, { params, error }) => recordDenial(work, params, error),
});

function takeReadToken(work: Work, server: AskedServer): Promise<void> {
  return takeToolToken(work, {
    ...server,
    tool_id: `${server.server_id}:reads`,
    max_calls_per_minute: readLimits.perMinute,
  });
}

async function recordDenial(work: Work, params: AskedRead, error: EngineError): Promise<Refused> {
  const { readId, serverId } = params;
  const { policy_id: policy, policy_snapshot_id: snapshot, server_id: known } = error.details ?? {};
  const policyId = typeof policy === 'string' ? policy : undefined;
  const policySnapshotId = typeof snapshot === 'string' ? snapshot : undefined;
  const reason = error.reason ?? error.code;
  const { message } = error;
  const { warnings, shadow, hidden } = notesOf(error);
  // What names no server of the tenant has no row of its own.
  const rowHash =
    known === serverId
      ? insertReadEvidence(work, {
          ...{ ...params, hidden, outcome: 'refused', policyId, policySnapshotId, reason, message },
        })
      : null;
  return {
    entry: {
      type: 'server_read_denied',
      outcome: 'blocked',
      resource: { type: 'server_read', id: readId },
      policyId,
      policySnapshotId,
      evidence: {
        ...namesOf(params),
        ...{ reason, warnings: noted(warnings), shadow: noted(shadow), row_hash: rowHash },
      },
      error: { code: error.code, message },
    },
    details: { invocation_id: readId },
  };
}
