import { answeredOf, isSuccess, type Answered } from '../calls';
import type { Check } from '../check';

/** I10: a key answers once. Refusals by policy and of the moment free it, so that only what is kept is compared. */
export const sameAnswers: Check = {
  invariant: 'I10',
  promise: 'the same key has the same answer, and other arguments under it are a conflict',
  async run({ ledger }, look) {
    const byKey = new Map<string, Answered[]>();
    for (const line of answeredOf(ledger)) {
      const { tenantId, method, path, idempotencyKey, isAnswerStored } = line.call;
      if (!isAnswerStored || idempotencyKey === null) continue;
      const name = JSON.stringify([tenantId, method, path, idempotencyKey]);
      byKey.set(name, [...(byKey.get(name) ?? []), line]);
    }
    for (const [name, lines] of byKey) {
      look.examined += 1;
      const [tenantId = '', method = '', path = '', key = ''] = JSON.parse(name) as string[];
      const ids = { tenant_id: tenantId, method, path, key };
      const kept = lines.filter(isKept);
      for (const bodyHash of new Set(kept.map(({ call }) => call.bodyHash))) {
        const answers = kept.filter(({ call }) => call.bodyHash === bodyHash);
        const different = new Set(answers.map(({ status, answer }) => `${status} ${answer.hash}`));
        if (different.size > 1) look.found('same-key-other-answer', { ...ids, answers: [...different].join(', ') });
      }
      const accepted = new Set(lines.filter(isSuccess).map(({ call }) => call.bodyHash));
      if (accepted.size > 1) look.found('other-arguments-accepted', { ...ids, accepted: accepted.size });
    }
  },
};

// A success, or a permanent failure of the operation itself; a reused or busy key is an answer about the key.
function isKept(line: Answered): boolean {
  if (isSuccess(line)) return true;
  const { reason } = line.answer;
  return [400, 404, 409, 412, 422].includes(line.status) && reason !== 'in_progress' && reason !== 'key_reused';
}
