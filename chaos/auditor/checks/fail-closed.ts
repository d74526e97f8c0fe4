import { answeredOf, isSuccess } from '../calls';
import type { Check } from '../check';
import { answeredInOutages } from './outages';

/**
 * I11: data left the house only with committed evidence that it was allowed. Policies, switches and audit are rows of the
 * same transaction as this evidence, so an answer without it is one that was given although one of them was away.
 */
export const failClosed: Check = {
  invariant: 'I11',
  promise: 'when policy, switches or audit cannot be asked, nothing is answered',
  async run({ sql, ledger }, look) {
    answeredInOutages(ledger, look);
    const answers = answeredOf(ledger).filter(
      (line) => isSuccess(line) && isRetrieval(line.call.method, line.call.path),
    );
    for (const { call, answer } of answers) {
      look.examined += 1;
      const evidenceId = answer.ids.evidence_id ?? '';
      const { rows } = await sql.query(
        `select 1 from retrieval_evidence r join audit_events e on e.resource_id = r.id and e.tenant_id = r.tenant_id
        where r.id = $1 and r.tenant_id = $2 and r.decision = 'allowed' and r.policy_snapshot_id is not null
          and e.event_type = 'RetrievalAllowed'`,
        [evidenceId, call.tenantId],
      );
      if (rows.length === 0)
        look.found('answered-without-evidence', {
          call_id: call.callId,
          tenant_id: call.tenantId,
          evidence_id: evidenceId,
        });
    }
  },
};

const isRetrieval = (method: string, path: string) =>
  method === 'POST' && (path === '/retrieval/execute' || /^\/knowledge\/[^/]+\/query$/.test(path));
